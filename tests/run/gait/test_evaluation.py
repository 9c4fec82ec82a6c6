"""Gait evaluation of a run that was trained for a moment, moved, and whose sources are gone."""

import csv
import json
import shutil
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from rl_pipeline.cli import main
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.datasets.model_files import MODELS
from rl_pipeline.datasets.reading import LIBRARY
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.gait.panels import gait_of, gait_panels
from rl_pipeline.run.gait.recording import motion_batch, record_walks
from rl_pipeline.run.plan import Plan
from rl_pipeline.run.train import run_plan
from rl_pipeline.run.trained_policy import open_policy
from tests.run.conftest import curve


@pytest.fixture(scope="module")
def moved_run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Train to follow the squat for a moment, with files of the user; then move the run and delete the files."""
    folder = tmp_path_factory.mktemp("user")
    shutil.copy(MODELS / "planar_walker.xml", folder / "person.xml")
    shutil.copy(LIBRARY / "planar_walker_squat.npz", folder / "squat.npz")
    mapping = {
        "experiment": {"name": "tiny", "folder": str(folder / "experiments")},
        "environment": {
            "id": "MotionImitation-v0",
            "backend": "mujoco",
            "n_environments": 2,
            "kwargs": {
                "model": str(folder / "person.xml"),
                "motion": [str(folder / "squat.npz"), "planar_walker_walk"],
                "actions": "reference",
                "mirror": "episode",
                "stiffness": 4.0,
                "max_episode_steps": 200,
            },
        },
        "training": {
            "algorithm": "ppo",
            "tensorboard": False,
            "algorithm_parameters": {"n_steps": 16, "batch_size": 32, "n_epochs": 1},
            "architecture": {"net_arch": [8]},
            "training": {
                "total_timesteps": 128,
                "device": "cpu",
                "verbose": 0,
                "eval": {
                    "num_episodes": 2,
                    "frequency": 64,
                    "intervals": [{"metric": "distance", "at_least": -10.0, "frequency": 32}],
                },
                "early_stopping": {"metric_thresholds": {"mean_ep_length": 1, "mean_reward": 0.0}},
            },
        },
        "evaluation": {"num_episodes": 1, "video": False},
    }
    run = run_plan(Plan(load_config_mapping(mapping, ()).config))[0]
    target = tmp_path_factory.mktemp("elsewhere") / "run"
    shutil.move(run.path, target)
    shutil.rmtree(folder)
    return RunFolder(target)


def test_evaluations_say_how_walks_went_and_end_the_training(moved_run: RunFolder) -> None:
    rows = curve(moved_run, "evaluations.csv")
    assert [int(row["timestep"]) for row in rows] == [0, 32]
    columns = {"success_rate", "distance", "x_velocity_mean", "error_joints_mean", "error_bodies_mean"}
    assert {f"eval/{name}" for name in columns} < rows[0].keys()
    assert (
        json.loads((moved_run.path / "run.json").read_text())["reason"]
        == "reached mean_ep_length 1, mean_reward 0"
    )
    assert {"init", "final"} <= {
        checkpoint.name for checkpoint in CheckpointStore(moved_run.checkpoints).all()
    }


def test_the_gait_is_evaluated_from_the_files_of_the_run(
    moved_run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", str(moved_run.path), "--gait", "--episodes", "3", "--checkpoint", "final"]) == 0
    assert "of 3 walks are stable" in capsys.readouterr().out
    report = json.loads((moved_run.path / "gait" / "gait.json").read_text())
    assert list(report["motions"]) == ["planar_walker_squat", "planar_walker_walk"]
    numbers = report["motions"]["planar_walker_squat"]
    assert [walk["phase"] for walk in numbers["walks"]] == pytest.approx([0, 1 / 3, 2 / 3], abs=0.01)
    assert numbers["stable_walks"] == sum(walk["stable"] for walk in numbers["walks"])
    assert report["motions"]["planar_walker_walk"]["reference_speed"] == pytest.approx(1.25)
    for name in report["motions"]:
        assert (moved_run.path / "gait" / f"{name}.png").stat().st_size > 10_000
        assert imageio_ffmpeg.count_frames_and_secs(moved_run.path / "gait" / f"{name}.mp4")[0] > 1
    with (moved_run.path / "gait" / "planar_walker_squat.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [float(row["percent"]) for row in table] == list(range(101))
    assert {"left_knee.angle [deg].mean", "left_knee.angle [deg].reference"} < table[0].keys()


def test_the_panels_show_walks_and_reference(moved_run: RunFolder) -> None:
    checkpoint = CheckpointStore(moved_run.checkpoints).find("final")
    with open_policy(moved_run, checkpoint, n_episodes=2) as trained:
        batch, task = motion_batch(trained)
        walks = record_walks(trained, 0, 2, seed=0, deterministic=True)
        gait = gait_of(task, batch.model, 0, walks)
        rows = gait_panels(gait)
    assert gait.feet == ("left_foot", "right_foot")
    assert [walk.steps[0] for walk in walks] == [0, 62]
    angle = rows[0][1].curves["left_knee"]
    assert angle.reference is not None
    assert angle.reference.max() == pytest.approx(np.rad2deg(task.reference.qpos[:126, 4].max()), abs=0.5)
    power, torque, speed = (next(p for p in row if p.title == "knee") for row in (rows[3], rows[2], rows[1]))
    assert {power.unit, torque.unit, speed.unit} == {"W/kg", "Nm/kg", "deg/s"}


def test_other_tasks_have_no_gait(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mapping = {
        "experiment": {"name": "other", "folder": str(tmp_path)},
        "environment": {"id": "InvertedPendulum-v5", "backend": "mujoco", "n_environments": 1},
        "training": {
            "algorithm": "a2c",
            "tensorboard": False,
            "training": {"total_timesteps": 8, "device": "cpu", "verbose": 0, "eval": {"num_evals": 0}},
        },
        "evaluation": {"num_episodes": 1, "video": False},
    }
    run = run_plan(Plan(load_config_mapping(mapping, ()).config))[0]
    assert main(["eval", str(run.path), "--gait"]) == 2
    assert "InvertedPendulum-v5 has none" in capsys.readouterr().err
