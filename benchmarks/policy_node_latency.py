"""Latency from an observation message to the command message through a node, beside an rclpy echo in the same run.

    bash -c 'source ros_ws/activate.bash && python benchmarks/policy_node_latency.py [--record]'

The node is the policy node with a network of 256 x 256, or any other one:

    ... benchmarks/policy_node_latency.py --node "COMMAND OF THE NODE" --observation /observation --command /command

Observations are Float64MultiArrays whose first number counts them, the others are 0. The node must answer each on
arrival with a Float64MultiArray whose first number is the same. One process publishes at a fixed rate, waits for the
answers and takes both times. Echo and node are measured in turn, idle and with a busy loop on every core.
"""

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import rclpy
from counting_policy import write_policy, write_robot
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from std_msgs.msg import Float64MultiArray

ECHO = """
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from std_msgs.msg import Float64MultiArray
rclpy.init()
node = rclpy.create_node("echo")
publisher = node.create_publisher(Float64MultiArray, "/echo/command", 10)
node.create_subscription(Float64MultiArray, "/echo/observation", publisher.publish, 10)
executor = SingleThreadedExecutor()
executor.add_node(node)
try:
    executor.spin()
except (KeyboardInterrupt, ExternalShutdownException):
    pass
"""
PATIENCE = 120.0
"""Seconds in which a node must answer for the first time."""
REST_NS = 500_000_000
"""After the last message, answers are waited for so long."""
ENDING = 20.0
QUANTILES = {"median": 50, "p99": 99, "p99.9": 99.9}


@contextmanager
def process(command: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    running = subprocess.Popen(command)
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(ENDING)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


@contextmanager
def load(is_busy: bool) -> Iterator[None]:
    """Keep every core that this process may use busy inside the block, or none."""
    with ExitStack() as stack:
        for _ in os.sched_getaffinity(0) if is_busy else ():
            stack.enter_context(process([sys.executable, "-c", "while True: pass"]))
        yield


class Course:
    """The way through one node.

    Args:
        node: Of this process.
        topics: Of the observation and of the command.
        size: Numbers in an observation.
    """

    def __init__(self, node: Node, topics: tuple[str, str], size: int) -> None:
        self._context = node.context
        self._publisher = node.create_publisher(Float64MultiArray, topics[0], 10)
        self._subscription = node.create_subscription(Float64MultiArray, topics[1], lambda _: None, 10)
        self._message = Float64MultiArray(data=[0.0] * size)
        self._number = 0  # counts on, so that no answer is taken for that of a later measurement
        self._sent: dict[int, int] = {}
        self._latencies: list[float] = []

    def wait_until_answered(self, node: "subprocess.Popen[bytes]") -> None:
        """Send observations until one is answered: the node is then discovered and active."""
        deadline = time.monotonic() + PATIENCE
        while not self.measure(20.0, 1):
            if node.poll() is not None:
                raise SystemExit(f"{node.args!r} ended with status {node.returncode}")
            if time.monotonic() > deadline:
                raise SystemExit(f"no answer on {self._subscription.topic_name} within {PATIENCE:g} s")

    def measure(self, rate: float, n: int) -> list[float]:
        """Send so many observations and return the microseconds until each answer that came."""
        self._latencies = []
        due, period = time.perf_counter_ns(), int(1e9 / rate)
        for _ in range(n):
            self._listen(due)
            due = max(due + period, time.perf_counter_ns())  # late ones are not sent in a burst
            self._number += 1
            self._message.data[0] = float(self._number)
            self._sent[self._number] = time.perf_counter_ns()
            self._publisher.publish(self._message)
        end = time.perf_counter_ns() + REST_NS
        while self._sent and time.perf_counter_ns() < end:
            self._listen(end, once=True)
        self._sent.clear()
        return self._latencies

    def _listen(self, until: int, *, once: bool = False) -> None:
        """Take the time of the answers that are there or come until a moment, or of one of them."""
        with self._context.handle, self._subscription.handle:
            while True:
                wait_set = _rclpy.WaitSet(1, 0, 0, 0, 0, 0, self._context.handle)
                wait_set.clear_entities()
                wait_set.add_subscription(self._subscription.handle)
                wait_set.wait(max(until - time.perf_counter_ns(), 0))
                now = time.perf_counter_ns()
                taken = self._subscription.handle.take_message(Float64MultiArray, False)
                sent = None if taken is None else self._sent.pop(round(taken[0].data[0]), None)
                if sent is not None:
                    self._latencies.append((now - sent) / 1e3)
                if once or (taken is None and now >= until):
                    return


def summary(latencies: list[float], sent: int) -> dict[str, float]:
    quantiles = {name: float(np.percentile(latencies, percent)) for name, percent in QUANTILES.items()}
    return {**quantiles, "messages": sent, "lost": sent - len(latencies)}


def measure_all(courses: dict[str, Course], options: argparse.Namespace) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for is_busy in (False, True):
        for rate in options.rates:
            measured: dict[str, list[float]] = {name: [] for name in courses}
            n = max(1, int(options.seconds * rate))
            with load(is_busy):
                for _ in range(options.rounds):
                    for name, course in courses.items():
                        measured[name] += course.measure(rate, n)
            silent = [name for name, latencies in measured.items() if not latencies]
            if silent:
                raise SystemExit(f"{', '.join(silent)} answered none of {options.rounds * n} observations")
            row = {name: summary(latencies, options.rounds * n) for name, latencies in measured.items()}
            rows.append({"rate": rate, "load": "busy" if is_busy else "idle", **row})
            print_row(rows[-1], measured)
    return rows


def print_row(row: dict[str, object], measured: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(latencies) for name, latencies in measured.items()}
    for name in measured:
        result = row[name]
        assert isinstance(result, dict)
        numbers = "  ".join(f"{key} {result[key]:8.0f}" for key in QUANTILES)
        ratio = medians[name] / medians["echo"]
        print(
            f"{row['rate']:5g} Hz  {row['load']}  {name:5} {numbers} us  lost {result['lost']}  ratio {ratio:.2f}"
        )


def policy_node(folder: Path, options: argparse.Namespace) -> list[str]:
    """Return the command line of our policy node, after writing its policy and robot."""
    policy, robot = folder / "policy.onnx", folder / "robot.yaml"
    write_policy(policy, options.size)
    recordings = folder / "recordings" if options.record else None
    write_robot(robot, options.observation, options.command, recordings)
    return [sys.executable, "-m", "rl_pipeline", "deploy", str(policy), "--config", str(robot), "--activate"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--node", help="command line of another node than the policy node")
    parser.add_argument("--record", action="store_true", help="the policy node records, too")
    parser.add_argument("--observation", default="/observation", metavar="TOPIC")
    parser.add_argument("--command", default="/command", metavar="TOPIC")
    parser.add_argument("--size", type=int, default=32, help="numbers in an observation")
    parser.add_argument("--rates", type=float, nargs="+", default=[100.0, 500.0], metavar="HZ")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each round")
    parser.add_argument("--output", type=Path, metavar="FILE.json")
    options = parser.parse_args()
    rclpy.init(args=[])
    node = rclpy.create_node("latency")
    topics = {"echo": ("/echo/observation", "/echo/command"), "node": (options.observation, options.command)}
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            node_command = shlex.split(options.node) if options.node else policy_node(folder, options)
            commands = {"echo": [sys.executable, "-c", ECHO], "node": node_command}
            courses = {}
            for name, command in commands.items():
                courses[name] = Course(node, topics[name], options.size)
                courses[name].wait_until_answered(stack.enter_context(process(command)))
            rows = measure_all(courses, options)
    finally:
        node.destroy_node()
        rclpy.shutdown()
    if options.output:
        options.output.write_text(json.dumps({"microseconds": rows}, indent=1))


if __name__ == "__main__":
    main()
