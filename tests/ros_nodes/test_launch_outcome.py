import signal

import pytest

from tests.ros_network import require_ros


def test_the_first_failure_is_raised_when_the_last_process_has_ended() -> None:
    require_ros()
    from rl_nodes.launch_outcome import NodeFailedError, Outcome

    outcome = Outcome(3)
    outcome.wrote("simulation_1", b"config.yaml: the file does not exist\nreme")
    outcome.wrote("train", b"Traceback\n")
    outcome.wrote("simulation_1", b"dy: name one")
    outcome.ended("simulation_1", 2, interrupted=False)
    outcome.ended("train", 1, interrupted=True)
    with pytest.raises(NodeFailedError) as failure:
        outcome.ended("simulation_2", 0, interrupted=True)
    lines = [
        "simulation_1 failed with exit status 2; its last lines:",
        "config.yaml: the file does not exist",
    ]
    assert str(failure.value).splitlines() == [lines[0], f"    {lines[1]}", "    remedy: name one"]


@pytest.mark.parametrize("exit_status", [0, 130, -signal.SIGINT])
def test_an_interrupted_process_has_not_failed(exit_status: int) -> None:
    require_ros()
    from rl_nodes.launch_outcome import Outcome

    outcome = Outcome(2)
    outcome.ended("train", 0, interrupted=False)
    outcome.ended("simulation_1", exit_status, interrupted=True)


def test_only_the_last_lines_are_kept() -> None:
    require_ros()
    from rl_nodes.launch_outcome import REPEATED_LINES, NodeFailedError, Outcome

    outcome = Outcome(1)
    for number in range(1000):
        outcome.wrote("train", f"line {number}\n".encode())
    with pytest.raises(NodeFailedError) as failure:
        outcome.ended("train", 1, interrupted=False)
    assert str(failure.value).splitlines()[1:] == [
        f"    line {1000 - REPEATED_LINES + n}" for n in range(REPEATED_LINES)
    ]
