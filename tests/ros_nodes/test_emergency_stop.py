"""Emergency stops of publishers with other qualities of service than the node's."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.ros_network import RosNetwork, end

from .conftest import Participant
from .reaching_policy import write_description, write_policy
from .test_policy import Operator, policy_node, robot, wait_for


@pytest.mark.parametrize("reliability", ["BEST_EFFORT", "RELIABLE"])
def test_a_publisher_that_comes_later_is_heard_whatever_it_offers(
    ros_network: RosNetwork, participant: Participant, tmp_path: Path, reliability: str
) -> None:
    from rclpy.qos import QoSProfile, ReliabilityPolicy
    from std_msgs.msg import Bool

    safety = {"max_age": 60.0, "max_late": 60.0, "emergency_stop": "stop_button"}
    config = write_description(tmp_path / "robot.yaml", safety=safety)
    operator = Operator(participant)
    with ExitStack() as stack:
        stack.enter_context(robot(ros_network))
        node = policy_node(ros_network, write_policy(tmp_path / "policy.onnx"), config)
        stack.callback(end, node)
        assert operator.change("activate"), operator.status
        operator.some_commands()
        quality = QoSProfile(depth=1, reliability=ReliabilityPolicy[reliability])
        button = participant.node.create_publisher(Bool, "/stop_button", quality)

        def is_stopped() -> bool:
            button.publish(Bool(data=True))
            return "stopped: the emergency stop /stop_button is pressed" in operator.status

        wait_for(is_stopped, lambda: operator.status)
