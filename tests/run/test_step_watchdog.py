"""Environments that do not return from a step, in this process and in workers."""

import signal

import pytest

from rl_pipeline.run.metadata import read_metadata

from .training_process import Training, newest_timestep

SOON = "environment.step_timeout=4"


def wait_for_line(training: Training, words: str) -> str:
    """Read what a training says until it says something."""
    assert training.process.stdout is not None
    for line in training.process.stdout:
        if words in line:
            return line
    raise AssertionError(f"the training never said '{words}'")


@pytest.mark.parametrize("trouble", ["hang", "hang in C"])
def test_a_step_in_this_process_is_named_and_ends_with_the_first_signal(
    trouble: str, training: Training
) -> None:
    training.configure(trouble=trouble, trouble_at=31)
    training.start(SOON)
    wait_for_line(training, "hanging")
    line = wait_for_line(training, "in this process has not returned for")
    assert "`step` of environment 0 of SampleEnv with the action " in line
    assert "environment.step_timeout is 4; Ctrl-C or SIGTERM ends the training" in line
    training.process.send_signal(signal.SIGINT)
    status, output = training.end()
    assert status == 1
    assert "the training after the newest checkpoint is lost" in output
    metadata = read_metadata(training.run)
    assert metadata["status"] == "failed"
    assert "StepTimeoutError" in metadata["error"]
    assert newest_timestep(training.run) == 60
    if trouble == "hang":
        assert f"rl-pipeline train --resume {training.run.path}" in output


def test_a_worker_that_hangs_is_started_again(training: Training) -> None:
    training.configure(workers=2, trouble="hang", trouble_at=31)
    training.start(SOON, "environment.max_worker_restarts=2", "training.training.total_timesteps=80")
    status, output = training.end()
    assert status == 0, output
    for worker in (0, 1):
        assert f"worker {worker} (environment {worker} of SampleEnv) was killed: `step` of" in output
    assert "`step` of environment 1 with the action " in output
    assert "environment.step_timeout is 4; it is restarted (restart 2 of 2)" in output


@pytest.mark.parametrize("restarts", [0, 1])
def test_a_signal_saves_although_a_worker_hangs_or_says_that_it_cannot(
    restarts: int, training: Training
) -> None:
    training.configure(workers=1, trouble="hang in C", trouble_at=31)
    training.start(SOON, f"environment.max_worker_restarts={restarts}")
    wait_for_line(training, "hanging")
    training.process.send_signal(signal.SIGTERM)
    status, output = training.end()
    metadata = read_metadata(training.run)
    assert (status, metadata["status"]) == ((0, "stopped") if restarts else (1, "failed")), output
    assert newest_timestep(training.run) == (70 if restarts else 60)
    if not restarts:
        assert "workers were restarted 0 times, which is the limit" in output
