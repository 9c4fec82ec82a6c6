"""`rl-pipeline deploy` and `operate`: what they refuse before a node starts, and a node that is not there."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rl_pipeline.run.folder import RunFolder
from tests.ros_network import RosNetwork

from .conftest import Command


def test_there_must_be_a_policy(command: Command, make_run: Callable[[str], RunFolder]) -> None:
    run = make_run("walker")
    for policy, error in [
        ("absent.onnx", "the file absent.onnx does not exist; `rl-pipeline export RUN` writes one"),
        ("wlaker", "no run 'wlaker'"),
        ("walker", f"`rl-pipeline export walker --out {run.path.absolute()}/policy.onnx` writes it"),
    ]:
        outcome = command("deploy", policy, "--config", "robot.yaml")
        assert outcome.status == 2
        assert error in outcome.error


@pytest.mark.parametrize("words", [["deploy", "policy.onnx", "--config", "robot.yaml"], ["operate", "state"]])
def test_there_must_be_ros(command: Command, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    Path("policy.onnx").touch()
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    outcome = command(*words)
    assert outcome.status == 2
    assert "needs ROS 2: run `source ros_ws/activate.bash`" in outcome.error


def test_there_must_be_a_node_to_operate(ros_network: RosNetwork) -> None:
    command = [sys.executable, "-m", "rl_pipeline", "operate", "state", "--node", "/left/policy"]
    result = subprocess.run(
        command, env=ros_network.environ, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 2
    assert (
        "the policy node /left/policy was not found; give its name with its namespace as --node"
        in result.stderr
    )
