"""`rl-pipeline save-model`: what it writes, says and refuses."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gymnasium
import numpy as np
from gymnasium.wrappers import FlattenObservation, FrameStackObservation
from stable_baselines3 import A2C
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecNormalize

from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.folder import RunFolder, find_runs
from rl_pipeline.run.trained_policy import open_policy

from .conftest import Command

WRAPPERS = "environment.wrappers=[{time_limit: {max_episode_steps: 15}}, {frame_stack: {n_frames: 3}}]"


def test_the_best_policy_and_its_statistics_are_saved(command: Command, trained: RunFolder) -> None:
    outcome = command("save-model", "tiny", "--out", "best.zip")
    best = CheckpointStore(trained.checkpoints).find("best")
    assert (outcome.status, outcome.error) == (0, "")
    assert outcome.output.splitlines() == [
        f"best.zip  checkpoint 'best' (timestep {best.timestep})",
        "best_vecnormalize.pkl  its running statistics",
        "load them with stable_baselines3.A2C.load and VecNormalize.load of stable_baselines3",
        "its environment needs the wrappers of the run, innermost first: time_limit {'max_episode_steps': 15}",
    ]
    assert Path("best.zip").read_bytes() == (best.path / "model.zip").read_bytes()
    assert Path("best_vecnormalize.pkl").read_bytes() == (best.path / "vecnormalize.pkl").read_bytes()


def test_files_that_exist_are_replaced_by_force_only(command: Command, trained: RunFolder) -> None:
    Path("best_vecnormalize.pkl").write_text("mine")
    outcome = command("save-model", "tiny", "--out", "best.zip")
    assert outcome.status == 2
    assert "would replace best_vecnormalize.pkl; give another --out, or add --force" in outcome.error
    assert not Path("best.zip").exists()
    assert command("save-model", "tiny", "--checkpoint", "init", "--out", "best.zip", "--force").status == 0
    assert A2C.load("best.zip", device="cpu").num_timesteps == 0
    assert Path("best_vecnormalize.pkl").read_bytes() != b"mine"


def test_what_cannot_be_saved_is_refused(command: Command, trained: RunFolder) -> None:
    refusals = {
        (
            "--out",
            "nowhere/best.zip",
        ): f"--out: the folder {Path('nowhere').resolve()} does not exist; create it first",
        ("--out", "best.pt"): "'best.pt' must end in .zip",
        ("--out", "best.zip", "--checkpoint", "bets"): "no checkpoint 'bets'",
        (): "the following arguments are required: --out",
    }
    for words, message in refusals.items():
        outcome = command("save-model", "tiny", *words)
        assert outcome.status == 2
        assert message in outcome.error
    model = CheckpointStore(trained.checkpoints).find("best").path / "model.zip"
    model.write_bytes(model.read_bytes()[:-1])
    outcome = command("save-model", "tiny", "--out", "best.zip")
    assert outcome.status == 2
    assert "it is truncated" in outcome.error
    assert not list(Path().glob("*.zip"))


@contextmanager
def small_files_only() -> Iterator[None]:
    """Let no file grow beyond 1 kB, as a disk with so much room would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_older_file(command: Command, trained: RunFolder) -> None:
    Path("best.zip").write_text("older")
    with small_files_only():
        outcome = command("save-model", "tiny", "--out", "best.zip", "--force")
    assert outcome.status == 1
    assert (
        "rl-pipeline save-model failed: [Errno 27] File too large: 'best_vecnormalize.pkl'" in outcome.error
    )
    assert Path("best.zip").read_text() == "older"
    assert not list(Path().glob(".best*"))


def stacked(env: gymnasium.Env) -> gymnasium.Env:
    """What the page gives for `frame_stack`."""
    return FlattenObservation(FrameStackObservation(env, 3))


def test_the_wrappers_of_the_page_show_what_the_policy_was_trained_with(command: Command) -> None:
    words = ("environment.normalize.observation=true", WRAPPERS)
    assert command("train", "--config", "tiny.yaml", *words).status == 0
    [run] = find_runs(Path("experiments"))
    outcome = command("save-model", "tiny", "--out", "best.zip")
    assert (
        "innermost first: time_limit {'max_episode_steps': 15}, frame_stack {'n_frames': 3}" in outcome.output
    )
    env = make_vec_env("CartPole-v1", n_envs=2, seed=3, wrapper_class=stacked)
    theirs = VecNormalize.load("best_vecnormalize.pkl", env)
    with open_policy(run, CheckpointStore(run.checkpoints).find("best"), n_episodes=2) as policy:
        np.testing.assert_array_equal(policy.env.reset(seed=3)[0], theirs.reset())
        for _ in range(6):
            ours = policy.env.step(np.array([0, 1]))[0]
            np.testing.assert_array_equal(ours, theirs.step(np.array([0, 1]))[0])
