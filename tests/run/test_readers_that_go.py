"""Trainings whose output nobody reads any more, and whose terminal is closed."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from rl_pipeline.run.metadata import read_metadata

from .training_process import PATIENCE, Training, newest_timestep

VERBOSE = ("training.training.verbose=1", "training.training.log_points=1000")


@pytest.mark.parametrize("workers", [0, 2])
def test_a_training_goes_on_when_the_reader_of_its_output_closes(workers: int, training: Training) -> None:
    training.configure(workers=workers, talks=True)
    training.start(*VERBOSE, "training.training.total_timesteps=100")
    assert training.process.stdout is not None
    training.process.stdout.readline()
    training.process.stdout.close()
    assert training.process.wait(PATIENCE) == 0
    assert read_metadata(training.run)["status"] == "finished"
    assert newest_timestep(training.run) == 100


def test_a_training_on_a_terminal_shows_a_bar_and_outlives_it(training: Training) -> None:
    training.configure(workers=2)
    ours, theirs = os.openpty()
    training.start(
        *VERBOSE, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, preexec_fn=own_terminal
    )
    os.close(theirs)
    shown = b""
    while b"ETA" not in shown or not training.has_reached(20):  # an unread terminal would block the training
        if select.select([ours], [], [], 0.05)[0]:
            shown += os.read(ours, 1000)
    training.wait_for_timestep(20)
    os.close(ours)  # the kernel sends SIGHUP to the whole session, workers included; writes fail with EIO
    assert training.process.wait(PATIENCE) == 0
    psutil.wait_procs(training.children, timeout=PATIENCE)
    metadata = read_metadata(training.run)
    assert (metadata["status"], metadata["reason"]) == ("stopped", "SIGHUP")
    assert newest_timestep(training.run) == metadata["timestep"] >= 20


def own_terminal() -> None:
    """Make the standard input the terminal of the session."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_to_the_whole_group_saves_and_stops(number: signal.Signals, training: Training) -> None:
    training.configure(workers=2)
    training.start(start_new_session=True)
    training.wait_for_timestep(20)
    os.killpg(training.process.pid, number)
    status, output = training.end()
    assert status == 0, output
    assert f"{number.name}: finishing this rollout" in output
    metadata = read_metadata(training.run)
    assert (metadata["status"], metadata["reason"]) == ("stopped", number.name)
    assert newest_timestep(training.run) == metadata["timestep"]


def test_nohup_holds(training: Training) -> None:
    training.configure(workers=1)
    training.start("training.training.total_timesteps=200", before=("nohup",), start_new_session=True)
    training.wait_for_timestep(20)
    os.killpg(training.process.pid, signal.SIGHUP)
    status, output = training.end()
    assert status == 0, output
    assert "SIGHUP" not in output
    assert read_metadata(training.run)["status"] == "finished"


def rl_pipeline(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "rl_pipeline", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)


@pytest.mark.parametrize(
    ("arguments", "expected"), [(["list", "algorithms"], 141), (["list", "extractors"], 141), (["--help"], 0)]
)
def test_a_command_that_prints_ends_quietly_without_a_reader(
    arguments: list[str], expected: int, tmp_path: Path
) -> None:
    process = rl_pipeline(tmp_path, *arguments)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(PATIENCE) == expected
    process.stderr.close()


def test_output_that_fits_the_pipe_is_read_whole(tmp_path: Path) -> None:
    output, error = rl_pipeline(tmp_path, "list", "algorithms").communicate(timeout=PATIENCE)
    assert output.splitlines()[-1].startswith("trpo")
    assert error == ""
