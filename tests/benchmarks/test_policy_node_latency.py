import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ros_network import RosNetwork

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "policy_node_latency.py"
NODE = """
import rclpy
from std_msgs.msg import Float64MultiArray
rclpy.init()
node = rclpy.create_node("doubler")
publisher = node.create_publisher(Float64MultiArray, "/command", 10)
def answer(message):
    if message.data[0] % 7:  # some are never answered
        publisher.publish(Float64MultiArray(data=[message.data[0], 2.0]))
node.create_subscription(Float64MultiArray, "/observation", answer, 10)
try:
    rclpy.spin(node)
except BaseException:
    pass
"""


def run(network: RosNetwork, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(SCRIPT), "--rounds", "2", "--seconds", "0.2", *arguments]
    return subprocess.run(command, env=network.environ, text=True, capture_output=True, check=False)


@pytest.mark.timeout(600)
def test_a_node_is_measured_beside_the_echo(ros_network: RosNetwork, tmp_path: Path) -> None:
    output = tmp_path / "latency.json"
    node = shlex.join([sys.executable, "-c", NODE])
    result = run(ros_network, "--node", node, "--size", "3", "--rates", "50", "100", "--output", str(output))
    assert result.returncode == 0, result.stderr
    rows = json.loads(output.read_text())["microseconds"]
    assert [(row["rate"], row["load"]) for row in rows] == [
        (50.0, "idle"),
        (100.0, "idle"),
        (50.0, "busy"),
        (100.0, "busy"),
    ]
    for row in rows:
        assert 0 < row["echo"]["median"] <= row["echo"]["p99"] <= row["echo"]["p99.9"]
        assert row["node"]["lost"] >= 2
        assert row["node"]["messages"] == 2 * row["rate"] * 0.2
    assert result.stdout.count("ratio") == 8


def test_a_node_that_ends_is_named(ros_network: RosNetwork) -> None:
    result = run(ros_network, "--node", shlex.join([sys.executable, "-c", "raise SystemExit(3)"]))
    assert "ended with status 3" in result.stderr


@pytest.mark.timeout(600)
def test_the_policy_node_answers_every_observation(ros_network: RosNetwork, tmp_path: Path) -> None:
    output = tmp_path / "latency.json"
    result = run(ros_network, "--rates", "50", "--record", "--output", str(output))
    assert result.returncode == 0, result.stderr
    for row in json.loads(output.read_text())["microseconds"]:
        assert row["node"]["lost"] <= 2
