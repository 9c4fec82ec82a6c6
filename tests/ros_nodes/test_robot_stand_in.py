"""The robot of the fault tests moves as it is told, and misbehaves as it is told."""

import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ros_network import RosNetwork

from .conftest import PATIENCE, Participant

SCRIPT = Path(__file__).with_name("robot_stand_in.py")


class Robot:
    """A robot that runs, and what it publishes."""

    def __init__(self, participant: Participant, log: Path) -> None:
        from sensor_msgs.msg import JointState
        from std_msgs.msg import Float64MultiArray, String

        self.log = log
        self._states = participant.collect(JointState, "/joint_states", latched=False, reliable=True)
        self._observations = participant.collect(
            Float64MultiArray, "/observation", latched=False, reliable=True
        )
        self._faults = participant.collect(String, "/robot/faults")
        self._begin = participant.node.create_publisher(String, "/robot/fault", 10)
        self._command = participant.node.create_publisher(Float64MultiArray, "/command", 10)
        self._faults.wait_for(lambda _: True)
        for publisher in (self._begin, self._command):
            wait_for(lambda publisher=publisher: publisher.get_subscription_count() == 1)
        self._since = 0
        self.some_states(1)
        self.some_observations(1)

    def command(self, *velocities: float) -> None:
        from std_msgs.msg import Float64MultiArray

        self._command.publish(Float64MultiArray(data=velocities))

    def fault(self, text: str) -> None:
        """Begin a fault, and pass over what was measured before."""
        from std_msgs.msg import String

        n = len(self._faults.messages)
        self._begin.publish(String(data=text))
        wait_for(lambda: len(self._faults.messages) > n)
        self._since = json.loads(self._faults.messages[-1].data)["since"]

    def states(self) -> list[Any]:
        return [each for each in self._states.messages if int(each.header.frame_id) >= self._since]

    def observations(self) -> list[Any]:
        return [each for each in self._observations.messages if int(each.layout.dim[0].label) >= self._since]

    def some_states(self, n: int = 10) -> list[Any]:
        wait_for(lambda: len(self.states()) >= n)
        return self.states()

    def some_observations(self, n: int = 10) -> list[Any]:
        wait_for(lambda: len(self.observations()) >= n)
        return self.observations()


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def robot(ros_network: RosNetwork, participant: Participant, tmp_path: Path) -> Iterator[Robot]:
    log = tmp_path / "commands.jsonl"
    with ros_network.script(SCRIPT, "--rate", "50", "--joints", "a", "b", "--log", str(log)):
        yield Robot(participant, log)


def test_it_moves_as_it_is_told_and_logs_commands(robot: Robot) -> None:
    begin = time.monotonic_ns()
    robot.command(0.5, -1.0)
    wait_for(lambda: robot.states()[-1].position[0] > 0.1)
    moved = robot.states()[-1]
    assert list(moved.name) == ["a", "b"]
    assert list(moved.velocity) == [0.5, -1.0]
    assert moved.position[1] == pytest.approx(-2 * moved.position[0])
    wait_for(lambda: list(robot.observations()[-1].data[2:]) == [0.5, -1.0])
    [moment, command] = json.loads(robot.log.read_text())
    assert command == [0.5, -1.0]
    assert begin <= moment <= time.monotonic_ns()


def test_values_names_and_stamps_are_wrong_on_request(robot: Robot) -> None:
    robot.command(1.0, 1.0)
    wait_for(lambda: robot.states()[-1].position[0] > 0.1)
    robot.fault("swap a b")
    assert all(list(state.name) == ["b", "a"] for state in robot.some_states())
    robot.fault("unit 1000")
    assert all(state.position[0] > 100 for state in robot.some_states())
    assert all(message.data[0] > 100 for message in robot.some_observations())
    robot.fault("nan observation")
    assert all(math.isnan(message.data[0]) for message in robot.some_observations())
    assert not any(math.isnan(state.position[0]) for state in robot.some_states())
    robot.fault("jump -3000")
    for state in robot.some_states():
        assert -4000 < state.header.stamp.sec - time.time() < -2999
    robot.fault("none")
    for state in robot.some_states():
        assert list(state.name) == ["a", "b"]
        assert abs(state.header.stamp.sec - time.time()) < 1000


def test_a_topic_stalls_while_the_other_goes_on(robot: Robot) -> None:
    robot.fault("stall joint_states")
    robot.some_observations(20)
    assert robot.states() == []
    robot.fault("none")
    robot.some_states()


def test_a_topic_is_flooded(robot: Robot) -> None:
    robot.fault("flood observation 20")
    labels = [message.layout.dim[0].label for message in robot.some_observations(60)]
    assert len(labels) > 5 * len(set(labels))


def test_messages_are_dropped(robot: Robot) -> None:
    robot.fault("drop 50")
    numbers = [int(state.header.frame_id) for state in robot.some_states(30)]
    missing = numbers[-1] - numbers[0] + 1 - len(numbers)
    assert 0.2 < missing / (numbers[-1] - numbers[0]) < 0.8


def test_messages_are_late(robot: Robot) -> None:
    robot.fault("delay 500")
    for state in robot.some_states(1):
        assert time.time() - state.header.stamp.sec - state.header.stamp.nanosec / 1e9 >= 0.5
