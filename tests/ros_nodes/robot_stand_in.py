"""A robot for tests that misbehaves on request.

    python robot_stand_in.py --rate 100 --joints shoulder elbow --log commands.jsonl

Its joints move with the velocities that it is commanded. Topics, in the namespace of the process:

    joint_states         sensor_msgs/JointState; `header.frame_id` counts the messages
    observation          std_msgs/Float64MultiArray: positions, then velocities; the label has the same number
    command              std_msgs/Float64MultiArray: a velocity for each joint, kept until the next one
    robot/fault          std_msgs/String: a fault to begin with, see `FAULTS`; `none` ends all of them
    robot/faults         std_msgs/String, latched: the faults of now, and since which number, as JSON

Commands are logged with the time at which they came, in nanoseconds of the monotonic clock.
"""

import argparse
import heapq
import json
import random
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.utilities import remove_ros_args
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, MultiArrayDimension, String

FAULTS: dict[str, tuple[Callable[[str], Any], ...]] = {
    "delay": (float,),  # MILLISECONDS from measuring to publishing
    "drop": (float,),  # PERCENT of the messages are lost
    "stall": (str,),  # TOPIC is not published any more
    "flood": (str, int),  # TOPIC is published so many times more often
    "swap": (str, str),  # the names of two joints are swapped, their values are not
    "unit": (float,),  # positions are multiplied by it
    "nan": (str,),  # the first position on TOPIC is NaN
    "jump": (float,),  # stamps are so many SECONDS off
}
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
JOINT_STATES, OBSERVATION = "joint_states", "observation"


class Robot(Node):
    """Publishes what its joints do.

    Args:
        options: The command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__("robot")
        self._names: list[str] = options.joints
        self._period = 1.0 / options.rate
        self._seed = options.seed
        self._random = random.Random(options.seed)
        self._positions, self._velocities = [0.0] * len(self._names), [0.0] * len(self._names)
        self._faults: dict[str, list[Any]] = {}
        self._number, self._order = 0, count()
        self._delayed: list[tuple[float, int, str, Any]] = []
        self._log = options.log.open("w", buffering=1) if options.log else None
        self._topics = {
            JOINT_STATES: self.create_publisher(JointState, JOINT_STATES, 100),
            OBSERVATION: self.create_publisher(Float64MultiArray, OBSERVATION, 100),
        }
        self._told = self.create_publisher(String, "robot/faults", LATCHED)
        self.create_subscription(Float64MultiArray, "command", self._obey, 10)
        self.create_subscription(String, "robot/fault", self._begin_fault, 10)
        self._tell()

    def live(self) -> None:
        """Measure, move and publish until ROS is shut down."""
        executor = SingleThreadedExecutor()
        executor.add_node(self)
        tick = time.monotonic()
        while rclpy.ok():
            due = min(tick, self._delayed[0][0]) if self._delayed else tick
            executor.spin_once(timeout_sec=max(0.0, due - time.monotonic()))
            if time.monotonic() >= tick:
                tick += self._period
                self._measure()
            while self._delayed and self._delayed[0][0] <= time.monotonic():
                _, _, topic, message = heapq.heappop(self._delayed)
                self._topics[topic].publish(message)

    def _measure(self) -> None:
        self._positions = [
            position + velocity * self._period
            for position, velocity in zip(self._positions, self._velocities, strict=True)
        ]
        [unit] = self._faults.get("unit", [1.0])
        positions = [unit * position for position in self._positions]
        state = JointState(name=self._spelt_names(), velocity=self._velocities)
        state.position = self._with_nan(JOINT_STATES, positions)
        [jump] = self._faults.get("jump", [0.0])
        stamp = self.get_clock().now().nanoseconds + int(jump * 1e9)
        state.header.stamp.sec, state.header.stamp.nanosec = divmod(stamp, 10**9)
        state.header.frame_id = str(self._number)
        self._send(JOINT_STATES, state)
        observation = Float64MultiArray(data=[*self._with_nan(OBSERVATION, positions), *self._velocities])
        observation.layout.dim = [MultiArrayDimension(label=str(self._number), size=len(observation.data))]
        self._send(OBSERVATION, observation)
        self._number += 1

    def _spelt_names(self) -> list[str]:
        first, second = self._faults.get("swap", ("", ""))
        swapped = {first: second, second: first}
        return [swapped.get(name, name) for name in self._names]

    def _with_nan(self, topic: str, positions: list[float]) -> list[float]:
        return [float("nan"), *positions[1:]] if self._faults.get("nan") == [topic] else positions

    def _send(self, topic: str, message: Any) -> None:
        if self._faults.get("stall") == [topic]:
            return
        if "drop" in self._faults and self._random.uniform(0, 100) < self._faults["drop"][0]:
            return
        [delay] = self._faults.get("delay", [0.0])
        flooded, more = self._faults.get("flood", ("", 0))
        for _ in range(1 + (more if flooded == topic else 0)):
            heapq.heappush(self._delayed, (time.monotonic() + delay / 1e3, next(self._order), topic, message))

    def _obey(self, command: Float64MultiArray) -> None:
        if self._log:
            self._log.write(json.dumps([time.monotonic_ns(), list(command.data)]) + "\n")
        if len(command.data) == len(self._names):
            self._velocities = list(command.data)

    def _begin_fault(self, message: String) -> None:
        name, *words = message.data.split()
        if name == "none":
            self._faults = {}
        else:
            self._faults[name] = [kind(word) for kind, word in zip(FAULTS[name], words, strict=True)]
        self._random.seed(self._seed)
        self._tell()

    def _tell(self) -> None:
        self._told.publish(String(data=json.dumps({"since": self._number, **self._faults})))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--joints", nargs="+", default=["shoulder", "elbow"])
    parser.add_argument("--seed", type=int, default=0, help="of the messages that are lost")
    parser.add_argument("--log", type=Path, help="commands are written to it, one a line")
    options = parser.parse_args(remove_ros_args(sys.argv)[1:])
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        Robot(options).live()


if __name__ == "__main__":
    main()
