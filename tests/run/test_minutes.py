"""The minutes of training: counted, kept in checkpoints, and continued by a resumed run."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.plotting import plot_runs
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.checkpoints import CheckpointError, write_checkpoint
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.metadata import read_metadata
from rl_pipeline.run.plan import AlreadyFinishedError, plan_resume
from rl_pipeline.run.state_file import read_state, write_state
from rl_pipeline.run.train import run_plan
from rl_pipeline.run.training_state import read_progression
from rl_pipeline.tracking.csv_file import MINUTES, Series, read_series

Train = Callable[..., RunFolder]


def minutes_of(run: RunFolder) -> Series:
    return read_series(run.path / "progress.csv")[MINUTES]


def change_minutes(run: RunFolder, minutes: object) -> None:
    """Write the newest checkpoint anew with other minutes; None leaves them out, as older versions did."""
    checkpoint = CheckpointStore(run.checkpoints).newest_good()
    assert checkpoint is not None
    state = dict(read_state(checkpoint.path / "state.npz"))
    state["progression"] = {name: value for name, value in state["progression"].items() if name != "minutes"}
    if minutes is not None:
        state["progression"]["minutes"] = minutes
    files = {path.name: path.read_bytes() for path in checkpoint.path.iterdir()}

    def write_files(folder: Path) -> None:
        for name in files.keys() - {"checkpoint.json"}:
            (folder / name).write_bytes(files[name])
        write_state(folder / "state.npz", state)

    write_checkpoint(checkpoint.path, checkpoint.timestep, write_files, total_timesteps=80, reason=None)


def resume(run: RunFolder) -> None:
    run_plan(plan_resume(str(run.path), ["training.training.total_timesteps=160"]))


def test_evaluations_and_updates_are_recorded_with_minutes(train: Train, tmp_path: Path) -> None:
    run = train()
    minutes = minutes_of(run)
    assert (np.diff(minutes.values) >= 0).all()
    assert minutes.values[-1] > 0
    assert "time/minutes" not in (run.path / "evaluations.csv").read_text()
    checkpoint = CheckpointStore(run.checkpoints).find("final")
    assert (read_progression(checkpoint).minutes or 0) >= minutes.values[-1]


def test_a_resumed_run_continues_its_minutes(train: Train, tmp_path: Path) -> None:
    run = train()
    change_minutes(run, 100.0)
    resume(run)
    minutes = minutes_of(run)
    assert minutes.values[minutes.timesteps <= 80].max() < 100
    assert minutes.values[minutes.timesteps > 80].min() > 100
    assert plot_runs([run.path], tmp_path / "curves.png", x="minutes").exists()


def test_a_run_whose_minutes_are_not_known_records_no_wrong_ones(train: Train) -> None:
    run = train()
    change_minutes(run, None)
    resume(run)
    assert minutes_of(run).timesteps.max() <= 80
    checkpoint = CheckpointStore(run.checkpoints).find("final")
    assert read_progression(checkpoint).minutes is None


@pytest.mark.parametrize("minutes", [-1.0, float("nan"), "10"])
def test_minutes_that_cannot_be_are_refused(minutes: object, train: Train) -> None:
    run = train()
    change_minutes(run, minutes)
    with pytest.raises(CheckpointError, match="minutes must be a non-negative number"):
        resume(run)


def test_a_training_ends_when_its_minutes_are_used(train: Train) -> None:
    run = train("a2c", "training.training.max_minutes=1e-9")
    metadata = read_metadata(run)
    assert metadata["status"] == "finished"
    assert metadata["reason"] == "trained for 1e-09 minutes"
    assert 0 < metadata["timestep"] < 80
    assert CheckpointStore(run.checkpoints).find("final").timestep == metadata["timestep"]
    with pytest.raises(AlreadyFinishedError, match="trained for 1e-09 minutes"):
        plan_resume(str(run.path))
    for more in ("training.training.max_minutes=100", "training.training.max_minutes=null"):
        assert plan_resume(str(run.path), [more]).reason is None
    run_plan(plan_resume(str(run.path), ["training.training.max_minutes=100"]))
    assert read_metadata(run)["timestep"] == 80


def test_minutes_before_a_resume_count(train: Train) -> None:
    run = train()
    change_minutes(run, 100.0)
    longer = ["training.training.total_timesteps=160", "training.training.max_minutes=100"]
    run_plan(plan_resume(str(run.path), longer))
    assert 80 < read_metadata(run)["timestep"] < 160
