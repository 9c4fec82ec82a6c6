"""Evaluations take place at the stage of a curriculum that the checkpoint's training had reached."""

from pathlib import Path

import pytest

from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv
from rl_pipeline.run import reports
from rl_pipeline.run.checkpoints import SHARED, Checkpoint, CheckpointError
from rl_pipeline.run.plan import Plan
from rl_pipeline.run.state_file import write_state
from rl_pipeline.run.train import run_plan
from rl_pipeline.run.trained_policy import open_policy
from rl_pipeline.run.training_state import follow_training
from tests.envs.mujoco import push

MAPPING = {
    "environment": {
        "id": f"{push.__file__}:Push",
        "backend": "mujoco",
        "n_environments": 2,
        "kwargs": {"tolerance": 0.25},
    },
    "training": {
        "algorithm": "a2c",
        "tensorboard": False,
        "training": {"total_timesteps": 20, "verbose": 0, "device": "cpu", "eval": {"num_evals": 0}},
    },
    "evaluation": {"num_episodes": 1, "video": False},
}


def test_a_checkpoint_holds_what_its_environments_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "plot_progress", lambda folder: None)
    mapping = {**MAPPING, "experiment": {"name": "stage", "folder": str(tmp_path)}}
    run, _, _ = run_plan(Plan(load_config_mapping(mapping).config))
    checkpoint = Checkpoint(run.checkpoints / "final")
    assert SHARED in checkpoint.manifest()["files"]
    # What the configuration says is not what counts, but what the training had reached.
    run.config.write_text(run.config.read_text().replace("tolerance: 0.25", "tolerance: 0.5"))
    with open_policy(run, checkpoint) as trained:
        assert trained.env.unwrapped.get_attr("tolerance") == (0.25,)


def test_a_state_of_another_environment_is_refused(tmp_path: Path) -> None:
    env = MujocoVectorEnv(push.Push(), 2)
    follow_training(Checkpoint(tmp_path), env)  # earlier versions wrote no file
    assert env.get_attr("tolerance") == (0.1, 0.1)
    (tmp_path / SHARED).write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match=SHARED):
        follow_training(Checkpoint(tmp_path), env)
    write_state(tmp_path / SHARED, {"tolerance": 0.02})
    follow_training(Checkpoint(tmp_path), env)
    assert env.get_attr("tolerance") == (0.02, 0.02)
