"""Trainings as a user or a cluster starts, interrupts, kills and continues them."""

import json
import random
import signal

import psutil
import pytest

from rl_pipeline.cli import main
from rl_pipeline.errors import BUSY
from rl_pipeline.run.folder import find_runs
from rl_pipeline.run.metadata import read_metadata

from .training_process import Training, newest_timestep

pytestmark = pytest.mark.usefixtures("without_pictures")


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGINT, 0), (signal.SIGTERM, 2)])
def test_a_signal_saves_and_stops_and_the_run_goes_on_later(
    number: signal.Signals, workers: int, training: Training, capsys: pytest.CaptureFixture[str]
) -> None:
    training.configure(workers=workers)
    training.start()
    training.wait_for_timestep(20)
    assert len(training.children) == workers
    training.process.send_signal(number)
    status, output = training.end()
    assert status == 0, output
    assert f"{number.name}: finishing this rollout" in output
    assert f"rl-pipeline train --resume {training.run.path}" in output
    metadata = read_metadata(training.run)
    stopped_at = metadata["timestep"]
    assert (metadata["status"], metadata["reason"]) == ("stopped", number.name)
    assert 20 <= stopped_at < 4000
    assert newest_timestep(training.run) == stopped_at

    shorter = f"training.training.total_timesteps={stopped_at + 30}"
    assert main(["train", "--resume", str(training.run.path), shorter]) == 0
    assert f"Training finished at timestep {stopped_at + 30}" in capsys.readouterr().out
    assert read_metadata(training.run)["status"] == "finished"
    assert main([*training.command, "--resume", "auto", shorter]) == 0
    assert f"has finished its {stopped_at + 30} timesteps" in capsys.readouterr().out
    assert len(find_runs(training.folder / "experiments")) == 1


def test_a_second_signal_stops_at_once(training: Training) -> None:
    training.configure(workers=1)
    training.start()
    training.wait_for_timestep(20)
    training.process.send_signal(signal.SIGINT)
    assert training.process.stdout is not None
    assert any("finishing this rollout" in line for line in training.process.stdout)
    training.process.send_signal(signal.SIGINT)
    status, output = training.end()
    assert (status, "stopped at once" in output) in [(130, True), (0, False)], output
    assert read_metadata(training.run)["status"] in ("interrupted", "stopped")
    assert not list(training.run.checkpoints.glob(".*"))


def test_a_run_is_trained_by_one_process_and_survives_a_kill(
    training: Training, capsys: pytest.CaptureFixture[str]
) -> None:
    training.configure(workers=2)
    training.start("--resume", "auto")  # as a cluster would always start it
    training.wait_for_timestep(random.Random(3).randrange(20, 70))
    assert len(training.children) == 2
    unfinished = training.run.checkpoints / ".step_000000099.abcd.tmp"  # what the process may be writing now
    unfinished.mkdir()
    unwritten = training.run.path / ".run.json.0123456789ab.tmp"
    unwritten.touch()

    assert main([*training.command, "--resume", "auto"]) == BUSY
    assert "is being trained by another process" in capsys.readouterr().err
    assert unfinished.exists()
    assert unwritten.exists()

    training.process.kill()
    status, _ = training.end()
    assert status == -signal.SIGKILL
    killed_at = newest_timestep(training.run)
    assert killed_at >= 20
    shorter = f"training.training.total_timesteps={killed_at + 30}"
    assert main([*training.command, "--resume", "auto", shorter]) == 0
    assert f"Training finished at timestep {killed_at + 30}" in capsys.readouterr().out
    assert len(find_runs(training.folder / "experiments")) == 1
    assert not unfinished.exists()
    assert not unwritten.exists()
    rows = (training.run.path / "progress.csv").read_text().splitlines()[1:]
    timesteps = [int(row.partition(",")[0]) for row in rows]
    assert timesteps == sorted(set(timesteps))


@pytest.mark.parametrize("early", [False, True])
def test_a_run_that_is_killed_after_its_training_is_concluded(
    early: bool, training: Training, capsys: pytest.CaptureFixture[str]
) -> None:
    training.configure()
    length = (
        ["training.training.eval={frequency: 20}", "training.training.early_stopping.reward_threshold=1"]
        if early
        else ["training.training.total_timesteps=20"]
    )
    training.start(*length, "evaluation.num_episodes=2000")
    training.wait_for_the_conclusion()
    training.process.kill()
    training.end()
    assert not (training.run.path / "eval.json").exists()
    rows = (training.run.path / "progress.csv").read_bytes()

    resume = ["train", "--resume", str(training.run.path)]
    assert main([*resume, "evaluation.num_episodes=3"]) == 0
    assert "Training finished at timestep 20" in capsys.readouterr().out
    assert len(json.loads((training.run.path / "eval.json").read_text())["returns"]) == 3
    assert (training.run.path / "progress.csv").read_bytes() == rows
    metadata = read_metadata(training.run)
    assert (metadata["status"], metadata["timestep"]) == ("finished", 20)
    assert ("reached the threshold" in str(metadata["reason"])) == early
    assert main(resume) == 0
    assert "has finished its 20 timesteps" in capsys.readouterr().out


def test_a_run_without_its_evaluation_is_concluded_by_resume_auto(
    training: Training, capsys: pytest.CaptureFixture[str]
) -> None:
    training.configure()
    short = "training.training.total_timesteps=20"
    assert main([*training.command, short]) == 0
    (training.run.path / "eval.json").unlink()
    again = [*training.command, "--resume", "auto", short]
    for words in ("Training finished at timestep 20", "has finished its 20 timesteps"):
        capsys.readouterr()
        assert main(again) == 0
        assert words in capsys.readouterr().out
        assert (training.run.path / "eval.json").exists()
    assert len(find_runs(training.folder / "experiments")) == 1


@pytest.mark.parametrize(
    ("trouble", "words"), [("raise", "raised ValueError: the arm is broken"), ("kill", "SIGKILL")]
)
def test_trouble_in_a_worker_names_the_environment_and_leaves_no_process(
    trouble: str, words: str, training: Training, capsys: pytest.CaptureFixture[str]
) -> None:
    before = psutil.Process().children(recursive=True)
    training.configure(workers=2, trouble=trouble, trouble_at=30)
    assert main(training.command) == 1
    error = capsys.readouterr().err
    assert "SampleEnv" in error
    assert words in error
    assert f"rl-pipeline train --resume {training.run.path}" in error
    assert read_metadata(training.run)["status"] == "failed"
    assert newest_timestep(training.run) >= 40
    assert psutil.Process().children(recursive=True) == before


def test_trouble_in_an_environment_of_this_process_shows_where_it_came_from(training: Training) -> None:
    training.configure(trouble="raise", trouble_at=30)
    with pytest.raises(ValueError, match="the arm is broken") as error:
        main(training.command)
    where, how_to_go_on = error.value.__notes__
    assert where == "raised by environment 0 of SampleEnv"
    assert how_to_go_on.endswith(f"rl-pipeline train --resume {training.run.path}")
    assert read_metadata(training.run)["status"] == "failed"
