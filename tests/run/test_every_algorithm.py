"""Every algorithm trains, evaluates, fills the run's folder, and its model.zip is one of Stable-Baselines3."""

from collections.abc import Callable

import numpy as np
import pytest
from gymnasium import spaces

from rl_pipeline.deploy.export import export_policy
from rl_pipeline.learners.sb3.registry import ALGORITHMS, Algorithm, find_algorithm
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import choose_checkpoint
from rl_pipeline.run.trained_policy import open_policy
from tests.without_us import modules_in_model, modules_in_pickle, of_ours

from .conftest import curve, sample_env

SMALL = {
    "on_policy": ["training.algorithm_parameters.n_steps=8"],
    "off_policy": [
        "training.algorithm_parameters.buffer_size=100",
        "training.algorithm_parameters.learning_starts=20",
        "training.algorithm_parameters.batch_size=8",
    ],
    "evolution": ["training.algorithm_parameters.n_delta=1"],
}
SPACES = [
    ("ppo", "dict", "box"),
    ("ppo", "box", "multi_discrete"),
    ("ppo", "image", "multi_binary"),
    ("a2c", "box", "multi_binary"),
    ("recurrentppo", "dict", "discrete"),
    ("trpo", "box", "multi_discrete"),
    ("sac", "dict", "box"),
    ("td3", "image", "box"),
    ("tqc", "dict", "box"),
    ("dqn", "image", "discrete"),
    ("qrdqn", "dict", "discrete"),
    ("maskableppo", "box", "multi_discrete"),
    ("maskableppo", "dict", "multi_binary"),
]
SCHEDULE = "training.schedules.learning_rate={type: cosine, initial: 0.001, final: 0.0005}"
FILES = (
    "model.zip",
    "vecnormalize.pkl",
    "config.yaml",
    "run.json",
    "progress.csv",
    "evaluations.csv",
    "stats.json",
    "log.txt",
    "eval.json",
)


def found(name: str) -> Algorithm:
    algorithm = find_algorithm(name)
    assert isinstance(algorithm, Algorithm)
    return algorithm


def train_small(
    train: Callable[..., RunFolder], name: str, observation: str, action: str, *more: str
) -> RunFolder:
    algorithm = found(name)
    overrides = [
        f"environment.kwargs={{observation: {observation}, action: {action}}}",
        *SMALL[algorithm.family],
        *more,
    ]
    if algorithm.family == "on_policy" and name != "a2c":
        overrides.append("training.algorithm_parameters.batch_size=8")
    environment_id = sample_env("MaskedEnv" if name == "maskableppo" else "SampleEnv")
    return train(name, *overrides, environment_id=environment_id)


def assert_stock_library_predicts_the_same(run: RunFolder, name: str) -> None:
    assert not of_ours(modules_in_model(run.model))
    assert not of_ours(modules_in_pickle(run.vec_normalize.read_bytes()))
    stock = found(name).model_class.load(run.model, device="cpu")
    with open_policy(run, choose_checkpoint(run, "final")) as policy:
        space = policy.env.single_observation_space
        space.seed(0)
        for _ in range(20):
            observation = space.sample()
            ours, _ = policy.policy.model.predict(observation, deterministic=True)
            theirs, _ = stock.predict(observation, deterministic=True)
            np.testing.assert_array_equal(ours, theirs)


def assert_exported_policy_acts_the_same(run: RunFolder) -> None:
    checkpoint = choose_checkpoint(run, "final")
    parity = export_policy(run, checkpoint, run.path / "exported.onnx").document["parity"]
    assert parity["n_observations"] == 1000
    assert parity["n_episodes"] == 100
    assert parity["largest_error"] <= 1e-5


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_an_algorithm_fills_the_run_folder(name: str, train: Callable[..., RunFolder]) -> None:
    action = "box" if spaces.Box in found(name).action_spaces else "discrete"
    run = train_small(train, name, "box", action, "environment.normalize=true", SCHEDULE)
    for file in FILES:
        assert (run.path / file).stat().st_size > 0 or file == "log.txt"
    store = CheckpointStore(run.checkpoints)
    for checkpoint in store.all():
        checkpoint.verify()
        assert {"model.zip", "vecnormalize.pkl", "normalizer.npz"} <= checkpoint.manifest()["files"].keys()
    assert {"init", "best", "final"} <= {checkpoint.name for checkpoint in store.all()}
    for file in (run.model, run.vec_normalize):
        assert file.read_bytes() == (store.find("final").path / file.name).read_bytes()
    assert (store.find("final").path / "replay_buffer.npz").exists() == (found(name).family == "off_policy")
    evaluations = curve(run, "evaluations.csv")
    assert len(evaluations) >= 2
    assert all(float(row["eval/mean_reward"]) + 20 >= 40 for row in evaluations)
    assert float(evaluations[0]["eval/mean_ep_length"]) == 10
    assert float(evaluations[0]["eval/success_rate"]) == 1
    assert_stock_library_predicts_the_same(run, name)
    assert_exported_policy_acts_the_same(run)


@pytest.mark.parametrize(("name", "observation", "action"), SPACES)
def test_every_kind_of_space_is_trained_in(
    name: str, observation: str, action: str, train: Callable[..., RunFolder]
) -> None:
    run = train_small(train, name, observation, action, "training.training.total_timesteps=40")
    assert_stock_library_predicts_the_same(run, name)
    assert_exported_policy_acts_the_same(run)


def test_relabelled_goals_are_trained_on(train: Callable[..., RunFolder]) -> None:
    run = train(
        "sac",
        "environment.wrappers=[{time_limit: {max_episode_steps: 10}}]",
        "training.hindsight_replay={n_sampled_goal: 2}",
        "training.algorithm_parameters.buffer_size=200",
        "training.algorithm_parameters.learning_starts=40",
        "training.algorithm_parameters.batch_size=8",
        environment_id="FetchReach-v4",
    )
    assert "eval/success_rate" in curve(run, "evaluations.csv")[-1]
