"""The policy node on a robot's computer, which has no training stack."""

import subprocess
import sys

from tests.ros_network import RosNetwork

PROGRAM = """
import sys
import rl_nodes.operate
import rl_nodes.policy
import rl_nodes.policy_robot
import rl_pipeline.deploy.recording
print(sorted({"gymnasium", "jax", "mujoco", "sb3_contrib", "stable_baselines3", "torch"} & sys.modules.keys()))
"""


def test_the_policy_node_and_its_operator_import_no_training_stack(ros_network: RosNetwork) -> None:
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=ros_network.environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert result.stdout == "[]\n"
