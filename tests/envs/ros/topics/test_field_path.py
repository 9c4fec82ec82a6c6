import numpy as np
import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.envs.errors import MalformedReplyError
from tests.ros_network import require_ros

require_ros()

from geometry_msgs.msg import Twist  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402
from std_msgs.msg import Bool, Float64, Float64MultiArray, String  # noqa: E402
from trajectory_msgs.msg import JointTrajectory  # noqa: E402

from rl_pipeline.envs.ros.topics.field_path import check_fields, parse  # noqa: E402


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("/joint_states.position[0:2]", [1.0, 2.0]),
        ("/joint_states.position[2]", [3.0]),
        ("/joint_states.position", [1.0, 2.0, 3.0]),
        ("/joint_states.header.stamp.sec", [7.0]),
        ("/left/joint_states.velocity", []),
    ],
)
def test_numbers_are_read(text: str, numbers: list[float]) -> None:
    message = JointState(position=[1.0, 2.0, 3.0])
    message.header.stamp.sec = 7
    path = parse(text, "key")
    check_fields(path, JointState, "key")
    np.testing.assert_array_equal(path.read(message), numbers)


def test_a_list_that_is_too_short_is_named() -> None:
    with pytest.raises(
        MalformedReplyError, match=r"/arm.position\[1:5\] needs 5 numbers, but the message has 2"
    ):
        parse("/arm.position[1:5]", "key").read(JointState(position=[1.0, 2.0]))


def test_numbers_are_written() -> None:
    twist, array, flag = Twist(), Float64MultiArray(), Bool()
    parse("/cmd_vel.angular.z", "key").write(twist, np.array([0.5]))
    assert twist.angular.z == 0.5
    parse("/arm.data[2:4]", "key").write(array, np.array([1.0, 2.0]))
    assert list(array.data) == [0.0, 0.0, 1.0, 2.0]
    trajectory = JointTrajectory()
    parse("/arm.points[1].positions[0:2]", "key").write(trajectory, np.array([3.0, 4.0]))
    assert [list(point.positions) for point in trajectory.points] == [[], [3.0, 4.0]]
    assert parse("/arm.points[1].positions", "key").read(trajectory).tolist() == [3.0, 4.0]
    parse("/arm.points[0].time_from_start.nanosec", "key").assign(trajectory, 20)
    assert trajectory.points[0].time_from_start.nanosec == 20
    with pytest.raises(MalformedReplyError, match=r"needs 'points\[2\]', but the message has 2"):
        parse("/arm.points[2].positions", "key").read(trajectory)
    parse("/gripper.data", "key").write(flag, np.array([1.0]))
    assert flag.data is True


@pytest.mark.parametrize(
    "text", ["/cmd_vel", "cmd_vel.[3]", "/a.b[3:]", "/a.b[-1]", "/a.b[3:2]", "/a.b[1:1]", ""]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="key"):
        parse(text, "key")


@pytest.mark.parametrize(
    ("text", "message", "part"),
    [
        ("/j.positions", JointState, "did you mean: position"),
        ("/j.position.x", JointState, "has no field 'x'"),
        ("/j.name", JointState, "must contain numbers"),
        ("/s.data", String, "must contain numbers, is string"),
        ("/t.linear", Twist, "must contain numbers, is geometry_msgs/Vector3"),
        ("/t.points[0].position", JointTrajectory, "did you mean: positions"),
        ("/j.position[0].x", JointState, "must be a list of messages in JointState"),
        ("/f.value", Float64, "Float64 has no field 'value'"),
    ],
)
def test_fields_that_are_not_there_are_refused(text: str, message: type, part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        check_fields(parse(text, "key"), message, "key")
