"""A policy that was taken out of a run acts without its simulator as it does with it."""

import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.policies.loading import PolicyNeedsMoreError, load_policy
from rl_pipeline.policies.rollout import Rollout
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import NotFoundError, choose_checkpoint
from rl_pipeline.run.trained_policy import open_policy

from .conftest import Train, sample_env

N_TIMESTEPS = 25
WRAPPERS = "environment.wrappers=[{frame_stack: {n_frames: 2}}, {action_history: {n_actions: 2}}]"
CASES = {
    "all transforms": ("ppo", WRAPPERS, "environment.normalize=true"),
    "recurrent": ("recurrent_ppo", "environment.normalize=true"),
    "dict with a picture": ("a2c", "environment.kwargs={observation: dict}", "environment.normalize=true"),
    "boxes as actions": ("sac", "environment.kwargs={action: box}", WRAPPERS),
    "several branches": ("a2c", "environment.kwargs={action: multi_discrete}", WRAPPERS),
    "binary actions": ("a2c", "environment.kwargs={action: multi_binary}", WRAPPERS),
}


@pytest.mark.parametrize("case", CASES)
def test_alone_it_acts_as_behind_its_wrappers(case: str, train: Train) -> None:
    run = train(*CASES[case])
    checkpoint = choose_checkpoint(run)
    with open_policy(run, checkpoint, n_episodes=2) as trained:
        within = Rollout(trained.policy, trained.env, seed=3)
        environment: Environment = trained.config.environment.model_copy(update={"n_environments": 2})
        alone = Rollout(load_policy(checkpoint.path), make_vector_env(environment), seed=3)
        for _ in range(N_TIMESTEPS):
            np.testing.assert_array_equal(within.step().actions, alone.step().actions)


def test_a_spec_tells_rate_and_names_of_a_robot(train: Train) -> None:
    run = train("a2c", "environment.backend=mujoco", environment_id="Hopper-v5")
    document = json.loads((choose_checkpoint(run).path / "policy.json").read_text())
    env = gymnasium.make("Hopper-v5").unwrapped
    assert document["rate"] == pytest.approx(1.0 / env.dt)  # type: ignore[attr-defined]
    assert document["action"]["names"] == ["thigh_joint", "leg_joint", "foot_joint"]
    ours = train("a2c", environment_id="Hopper-v5")
    stock = json.loads((choose_checkpoint(ours).path / "policy.json").read_text())
    assert (stock["rate"], stock["action"]) == (pytest.approx(document["rate"]), document["action"])


def test_thinned_out_checkpoints_keep_their_spec(train: Train) -> None:
    run = train("a2c", "training.checkpoint.keep_last=1")
    thin = [each for each in run.checkpoints.iterdir() if not (each / "state.npz").exists()]
    assert len(thin) > 1
    for folder in thin:
        load_policy(folder)


def test_what_it_needs_is_named(train: Train, tmp_path: Path) -> None:
    wrapper = f"{Path(__file__).with_name('sample_envs.py')}:Halved"
    run = train("a2c", f"environment.wrappers=['{wrapper}']")
    with pytest.raises(PolicyNeedsMoreError, match=r"trained with Halved.*policy_transform"):
        load_policy(choose_checkpoint(run).path)
    lone = train().checkpoints / "final"
    lone = lone.rename(tmp_path / "final")
    with pytest.raises(NotFoundError, match="is not in a run's folder"):
        load_policy(lone)


def test_no_simulator_is_made(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    run: RunFolder = train(environment_id=sample_env())
    import rl_pipeline.envs.factory as factory

    monkeypatch.setattr(factory, "open_vector_env", lambda *_, **__: pytest.fail("an environment was made"))
    policy = load_policy(choose_checkpoint(run).path)
    actions, _ = policy.act(np.zeros((4, 3), np.float32), None, np.ones(4, bool))
    assert actions.shape == (4,)
