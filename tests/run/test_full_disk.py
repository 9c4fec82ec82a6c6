"""A disk that is full costs what cannot be written, and nothing that was written before."""

import re
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.folder import RunFolder, find_runs
from rl_pipeline.run.metadata import read_metadata
from rl_pipeline.run.plan import plan_resume
from rl_pipeline.run.rl_trainer import RLTrainer
from rl_pipeline.run.train import run_plan
from tests.small_disk import mounted

MANY = (
    "training.training.total_timesteps=200",
    "training.checkpoint={num_checkpoints: 10, keep_last: 20}",
    "training.architecture.net_arch=[64, 64]",
)
Train = Callable[..., RunFolder]


def names_of_whole_checkpoints(run: RunFolder) -> list[str]:
    checkpoints = CheckpointStore(run.checkpoints).all()
    for checkpoint in checkpoints:
        checkpoint.verify()
    assert not list(run.checkpoints.glob(".*"))
    return [checkpoint.name for checkpoint in checkpoints]


@contextmanager
def small_files_only() -> Iterator[None]:
    """Let no file grow beyond 5 kB, as a disk with so much room would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_for_a_while_costs_checkpoints_only(
    train: Train, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    save_step = RLTrainer._save_step

    def save_step_on_a_full_disk(trainer: RLTrainer) -> None:
        if 60 <= trainer.learner.timesteps < 120:
            with small_files_only():
                save_step(trainer)
        else:
            save_step(trainer)

    monkeypatch.setattr(RLTrainer, "_save_step", save_step_on_a_full_disk)
    run = train("a2c", *MANY)
    steps = [f"step_{timestep:09d}" for timestep in (20, 40, 120, 140, 160, 180, 200)]
    assert names_of_whole_checkpoints(run) == ["init", *steps, "final", "best"]
    assert caplog.text.count("could not be written") == 3
    assert "the older ones are untouched" in caplog.text
    assert read_metadata(run)["status"] == "finished"


def test_a_training_whose_end_cannot_be_written_fails_and_goes_on_later(
    train: Train, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    finish = RLTrainer._finish

    def finish_on_a_full_disk(trainer: RLTrainer) -> object:
        with small_files_only():
            return finish(trainer)

    with monkeypatch.context() as patch:
        patch.setattr(RLTrainer, "_finish", finish_on_a_full_disk)
        with pytest.raises(OSError, match="File too large") as error:
            train("a2c", *MANY)
    (run,) = find_runs(tmp_path / "experiments")
    assert "final" not in names_of_whole_checkpoints(run)
    assert read_metadata(run)["status"] == "failed"
    assert error.value.__notes__[0].endswith(f"rl-pipeline train --resume {run.path}")
    (run.path / "run.json").unlink()
    run_plan(plan_resume(str(run.path), ["training.training.total_timesteps=210"]))
    assert read_metadata(run)["status"] == "finished"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB where the next run will lie."""
    with mounted(tmp_path / "experiments", "400k") as folder:
        yield folder


def test_a_really_full_disk_is_reported_in_plain_lines(
    small_disk: Path, train: Train, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(OSError, match="No space left on device") as error:
        train("a2c", *MANY)
    (run,) = find_runs(small_disk)
    assert "step_000000020" in names_of_whole_checkpoints(run)
    assert "could not be written" in caplog.text
    assert "train --resume" in error.value.__notes__[0]
    newest = CheckpointStore(run.checkpoints).newest_good()
    assert newest is not None
    assert re.search(
        rf"The disk of {run.path} has [\d,]+ bytes free; the checkpoint '{newest.name}' is complete\.",
        error.value.__notes__[1],
    )
    assert "Traceback" not in capfd.readouterr().err
