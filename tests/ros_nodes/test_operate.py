"""`rl-pipeline operate`: what it prints, and the reason where a policy node refuses."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.ros_network import RosNetwork, end

from .conftest import PATIENCE
from .reaching_policy import write_description, write_policy

ROBOT = Path(__file__).with_name("robot_stand_in.py")


def operate(network: RosNetwork, action: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "rl_pipeline", "operate", action],
        env=network.environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_it_tells_the_state_and_the_reason_of_a_refusal(ros_network: RosNetwork, tmp_path: Path) -> None:
    policy = write_policy(tmp_path / "policy.onnx")
    config = write_description(tmp_path / "robot.yaml", startup_timeout=0.5)
    with ExitStack() as stack:
        node = ros_network.popen("rl_nodes", "policy", "-p", f"policy:={policy}", "-p", f"config:={config}")
        stack.callback(end, node)
        result = operate(ros_network, "activate")
        assert result.returncode == 1
        assert "/policy is inactive and did not activate: no publisher of /joint_states" in result.stderr
        assert operate(ros_network, "state").stdout.startswith("inactive: no publisher of /joint_states")
        assert "the policy is inactive, not stopped" in operate(ros_network, "reset").stderr

        write_description(config, shadow=True, startup_timeout=300.0)
        assert operate(ros_network, "cleanup").stdout.startswith("unconfigured")
        assert operate(ros_network, "configure").stdout == "inactive\n"
        stack.enter_context(ros_network.script(ROBOT))
        assert operate(ros_network, "activate").stdout == "active, shadow\n"
        assert operate(ros_network, "deactivate").stdout == "inactive\n"
