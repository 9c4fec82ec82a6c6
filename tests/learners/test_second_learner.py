"""A learner that is not of Stable-Baselines3 is trained, evaluated, resumed and played by `run/` as it is."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.cli import main
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.run import reports
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.plan import Plan, plan_resume
from rl_pipeline.run.play import play
from rl_pipeline.run.preflight import CHECKS
from rl_pipeline.run.train import run_plan

LEARNER = Path(__file__).with_name("imitation.py")
TRUTH = np.array([[1.0], [-0.5], [0.25]])


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(reports, "plot_progress", lambda folder: None)  # takes longer than the training
    generator = np.random.default_rng(0)
    observations = generator.normal(size=(500, 3))
    np.savez(tmp_path / "recording.npz", observations=observations, actions=observations @ TRUTH)
    return tmp_path / "recording.npz"


def train(recording: Path, total_timesteps: int) -> RunFolder:
    mapping = {
        "experiment": {
            "name": "imitation",
            "folder": str(recording.parent / "experiments"),
            "keep": [str(recording)],
        },
        "environment": {"id": "Pendulum-v1", "n_environments": 2},
        "training": {
            "algorithm": f"{LEARNER}:Imitation",
            "algorithm_parameters": {"recording": str(recording)},
            "tensorboard": False,
            "training": {
                "total_timesteps": total_timesteps,
                "device": "cpu",
                "verbose": 0,
                "eval": {"frequency": 3200, "num_episodes": 1},
            },
            "checkpoint": {"frequency": 1600},
        },
        "evaluation": {"num_episodes": 1, "video": False},
    }
    return run_plan(Plan(load_config_mapping(mapping, checks=CHECKS).config))[0]


def state(run: RunFolder) -> dict[str, bytes]:
    final = CheckpointStore(run.checkpoints).find("final").path
    curve = list(csv.DictReader((run.path / "progress.csv").open()))
    losses = json.dumps([row["train/loss"] for row in curve]).encode()
    return {"policy": (final / "policy.npz").read_bytes(), "losses": losses}


def test_a_second_learner_goes_through_a_run(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = train(recording, 6400)
    cut = train(recording, 3200)
    recording.unlink()  # the run has kept a copy
    run_plan(plan_resume(str(cut.path), ["training.training.total_timesteps=6400"]))
    assert state(cut)["policy"] == state(whole)["policy"]

    assert {file.name for file in cut.path.glob("*.np?")} == {"policy.npz"}
    np.testing.assert_allclose(np.load(cut.path / "policy.npz")["array_0"], TRUTH, atol=0.05)
    assert main(["eval", str(cut.path), "--episodes", "1"]) == 0
    assert "mean" in capsys.readouterr().out
    checkpoint = CheckpointStore(cut.checkpoints).find("best")
    result = play(cut, checkpoint, window=False, n_episodes=1, seed=0, report=lambda episodes: None)
    assert len(result.returns) == 1
    assert "Imitation" in (cut.path / "log.txt").read_text()


def test_its_policy_is_not_saved_for_the_stock_library(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(recording, 64)
    out = recording.with_name("policy.zip")
    assert main(["export", str(run.path), "--out", str(out.with_suffix(".onnx"))]) == 2
    assert "cannot be exported: it needs a method network()" in capsys.readouterr().err
    assert main(["save-model", str(run.path), "--out", str(out)]) == 2
    assert "Imitation is not an algorithm that stock Stable-Baselines3 loads" in capsys.readouterr().err
