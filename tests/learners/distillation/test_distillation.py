"""Distillation goes through a run like every learner: checkpoints, exact resume, evaluation, export."""

import csv
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from rl_pipeline.cli import main
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.datasets.episode import RolloutFileError
from rl_pipeline.policies.loading import load_policy
from rl_pipeline.policies.normalizer_file import read_normalizer
from rl_pipeline.run import reports
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.checkpoints import STATE
from rl_pipeline.run.folder import RunFolder, find_runs
from rl_pipeline.run.plan import Plan, plan_resume
from rl_pipeline.run.preflight import CHECKS
from rl_pipeline.run.state_file import read_state
from rl_pipeline.run.train import run_plan
from tests.learners.distillation.sample_rollouts import OFFSET, SCALE, write_rollouts

CALLBACKS = Path(__file__).parents[2] / "run" / "sample_callbacks.py"
MY_RNN = Path(__file__).with_name("my_rnn.py")
PATIENCE = 300.0


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "plot_progress", lambda folder: None)  # takes longer than the training


def mapping(
    folder: Path, total_timesteps: int, *, save_every: int = 100, **distillation: Any
) -> dict[str, Any]:
    return {
        "experiment": {"name": "student", "folder": str(folder / "experiments")},
        "environment": {"id": "Pendulum-v1", "normalize": {"observation": True}},
        "training": {
            "algorithm": "distillation",
            "distillation": {
                "files": [str(folder / "rollouts.hdf5")],
                "width": 12,
                "layers": 2,
                "batch_size": 3,
                "learning_rate": 0.01,
                **distillation,
            },
            "tensorboard": False,
            "training": {
                "total_timesteps": total_timesteps,
                "device": "cpu",
                "verbose": 0,
                "eval": {"num_evals": 1, "num_episodes": 1},
            },
            "checkpoint": {"frequency": save_every, "export": False},
        },
        "evaluation": {"num_episodes": 1, "video": False},
    }


def train(folder: Path, total_timesteps: int, **distillation: Any) -> RunFolder:
    if not (folder / "rollouts.hdf5").exists():
        write_rollouts(folder / "rollouts.hdf5")
    config = load_config_mapping(mapping(folder, total_timesteps, **distillation), checks=CHECKS).config
    return run_plan(Plan(config))[0]


def final(run: RunFolder) -> dict[str, np.ndarray]:
    with np.load(CheckpointStore(run.checkpoints).find("final").path / "policy.npz") as archive:
        return dict(archive.items())


def assert_same_policy(one: RunFolder, other: RunFolder) -> None:
    theirs = final(other)
    for name, array in final(one).items():
        np.testing.assert_array_equal(array, theirs[name])


def curve(run: RunFolder, column: str) -> list[float]:
    rows = csv.DictReader((run.path / "progress.csv").open())
    return [float(row[column]) for row in rows if row.get(column)]


RANDOM = {"dropout": 0.2, "observation_noise": 0.1, "head": "gaussian", "weights": "awr"}


def test_a_stopped_training_resumes_bit_identically_within_an_epoch(tmp_path: Path) -> None:
    whole = train(tmp_path, 700, **RANDOM)
    cut = train(tmp_path, 350, **RANDOM)  # epochs have 133 timesteps in 3 updates
    run_plan(plan_resume(str(cut.path), ["training.training.total_timesteps=700"]))
    assert_same_policy(cut, whole)
    for column in ("train/loss", "train/mse", "validation/loss"):
        assert curve(cut, column) == curve(whole, column)


def test_a_killed_training_resumes_bit_identically(tmp_path: Path) -> None:
    config = tmp_path / "distill.yaml"
    write_rollouts(tmp_path / "rollouts.hdf5")
    config.write_text(yaml.safe_dump(mapping(tmp_path, 10_000_000, **RANDOM)))
    command = [sys.executable, "-m", "rl_pipeline", "distill", "--config", str(config)]
    process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"})
    deadline = time.monotonic() + PATIENCE
    while len(list(tmp_path.glob("experiments/*/*/*/checkpoints/step_*"))) < 3:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    (killed,) = find_runs(tmp_path / "experiments")
    newest = CheckpointStore(killed.checkpoints).newest_good()
    assert newest is not None
    total = newest.timestep + 500
    run_plan(plan_resume(str(killed.path), [f"training.training.total_timesteps={total}"]))
    assert_same_policy(killed, train(tmp_path, total, **RANDOM))


def test_callbacks_follow_it(tmp_path: Path) -> None:
    write_rollouts(tmp_path / "rollouts.hdf5")
    settings = mapping(tmp_path, 200)
    settings["training"]["callbacks"] = [f"{CALLBACKS}:Journal"]
    run, *_ = run_plan(Plan(load_config_mapping(settings, checks=CHECKS).config))
    [saved] = read_state(run.checkpoints / "final" / STATE)["callbacks"]
    names = [name for name, *_ in saved["state"]["calls"]]
    assert names[:3] == ["start", "evaluation", "checkpoint"]
    assert names.count("iteration") >= 2


@pytest.mark.parametrize("model", ["rnn", "lstm", "gru", f"{MY_RNN}:MyRNN"])
def test_networks_with_a_memory_learn_what_needs_one(tmp_path: Path, model: str) -> None:
    shape = {"layers": 1, "width": 24, "sequence_length": 8}
    run = train(tmp_path, 6000, save_every=6000, model=model, validation=0.2, **shape)
    losses = curve(run, "train/mse")
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:3])
    assert len(curve(run, "validation/mse")) > 3
    assert curve(run, "train/updates")[-1] > 100


def test_the_normaliser_has_the_statistics_of_the_data(tmp_path: Path) -> None:
    run = train(tmp_path, 200, validation=0.0)
    folder = CheckpointStore(run.checkpoints).find("final").path
    statistics = read_normalizer(folder / "normalizer.npz")["observation"]["observation"]
    np.testing.assert_allclose(statistics["mean"], OFFSET, atol=0.5 * SCALE.max())
    np.testing.assert_allclose(np.sqrt(statistics["var"]), SCALE, rtol=0.3)
    policy = load_policy(folder)
    assert policy.has_memory
    actions, _ = policy.act(np.zeros((2, 3), np.float32), None, np.ones(2, bool))
    assert actions.shape == (2, 1)


def test_it_is_evaluated_played_and_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = train(tmp_path, 150, model=f"{MY_RNN}:MyRNN")
    assert (run.path / "code").exists()
    log = (run.path / "log.txt").read_text()
    assert "DISTILLATION, seed 0" in log
    assert "at least 150, in iterations of an update with 3 episodes" in log
    assert main(["eval", str(run.path), "--episodes", "2"]) == 0
    assert main(["export", str(run.path), "--out", str(tmp_path / "policy.onnx")]) == 0
    assert main(["play", str(run.path), "--video", str(tmp_path / "film.mp4")]) == 0
    assert (tmp_path / "film.mp4").stat().st_size > 0
    assert main(["collect", str(run.path), "--episodes", "1", "--out", str(tmp_path / "own.hdf5")]) == 0
    assert "own.hdf5: 1 episodes of 1 experts" in capsys.readouterr().out


def test_files_that_changed_are_not_resumed_with(tmp_path: Path) -> None:
    run = train(tmp_path, 150)
    (tmp_path / "rollouts.hdf5").unlink()
    write_rollouts(tmp_path / "rollouts.hdf5", n=8)
    with pytest.raises(Exception, match="have changed since the training began"):
        run_plan(plan_resume(str(run.path), ["training.training.total_timesteps=300"]))


def test_refusals_name_the_key(tmp_path: Path) -> None:
    whole = mapping(tmp_path, 100, model="gur")
    with pytest.raises(ConfigError, match=r"(?s)training.distillation.model.*gru"):
        load_config_mapping(whole, checks=CHECKS)
    whole["training"]["distillation"]["model"] = "gru"
    with pytest.raises(ConfigError, match=r"training.distillation.files.0.*does not exist"):
        load_config_mapping(whole, checks=CHECKS)
    write_rollouts(tmp_path / "rollouts.hdf5")
    with pytest.raises(ConfigError, match="distillation needs a Box of numbers"):
        load_config_mapping(whole, ["environment.id=CartPole-v1"], checks=CHECKS)
    with pytest.raises(
        ConfigError, match=r"training.distillation.*is read only by the algorithm distillation"
    ):
        load_config_mapping(whole, ["training.algorithm=ppo"], checks=CHECKS)
    with pytest.raises(ConfigError, match=r"training.algorithm_parameters.*is not read by distillation"):
        load_config_mapping(whole, ["training.algorithm_parameters={gamma: 0.9}"], checks=CHECKS)
    config = load_config_mapping(whole, ["environment.id=MountainCarContinuous-v0"], checks=CHECKS).config
    with pytest.raises(RolloutFileError, match=r"observations box \(3,\) float32; those of the environment"):
        run_plan(Plan(config))


def test_the_last_words_name_the_files_that_are_there(tmp_path: Path) -> None:
    write_rollouts(tmp_path / "rollouts.hdf5")
    config = load_config_mapping(mapping(tmp_path, 50)).config
    _, _, text = run_plan(Plan(config))
    assert "policy             policy.npz (the newest), checkpoints/" in text
    assert "save-model" not in text
