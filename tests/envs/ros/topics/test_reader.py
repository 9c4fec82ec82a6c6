import numpy as np
import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.ros_topics import ActionField, ObservationField
from rl_pipeline.envs.errors import MalformedReplyError
from tests.ros_network import require_ros

require_ros()

from sensor_msgs.msg import JointState  # noqa: E402
from std_msgs.msg import Float64MultiArray  # noqa: E402

from rl_pipeline.envs.ros.participant import join_network, leave_network  # noqa: E402
from rl_pipeline.envs.ros.topics.commander import Commander  # noqa: E402
from rl_pipeline.envs.ros.topics.reader import ObservationReader  # noqa: E402


def reader(*joints: str, scale: float = 1.0) -> ObservationReader:
    field = ObservationField(field="/joint_states.position", joints=list(joints), scale=scale)
    return ObservationReader([field], {}, "deploy", dtype=np.float64)


def test_joints_are_picked_by_name_in_whatever_order_they_come() -> None:
    hip_first = {"/joint_states": JointState(name=["hip", "knee", "toe"], position=[1.0, 2.0, 3.0])}
    toe_first = {"/joint_states": JointState(name=["toe", "knee", "hip"], position=[3.0, 2.0, 1.0])}
    picking = reader("knee", "hip", scale=0.5)
    for messages in (hip_first, toe_first, hip_first):
        np.testing.assert_array_equal(picking.read(messages), [1.0, 0.5])
    assert picking.sizes == [2]


def test_a_joint_that_a_message_lacks_is_named() -> None:
    message = JointState(name=["hip", "knee"], position=[1.0, 2.0])
    with pytest.raises(
        MalformedReplyError, match="/joint_states has no joint 'toe'; its joints are hip, knee"
    ):
        reader("toe").read({"/joint_states": message})
    with pytest.raises(MalformedReplyError, match="1 numbers for 2 joints"):
        reader("hip").read({"/joint_states": JointState(name=["hip", "knee"], position=[1.0])})


def test_numbers_make_the_parts_of_an_observation() -> None:
    fields = [
        ObservationField(field="/arm.data[0:2]", part="observation"),
        ObservationField(field="/goal.data", part="desired_goal", high=1.0),
        ObservationField(field="/arm.data[2]", part="observation"),
    ]
    goal_conditioned = ObservationReader(fields, {}, "deploy")
    messages = {"/arm": Float64MultiArray(data=[1.0, 2.0, 3.0]), "/goal": Float64MultiArray(data=[4.0, 0.5])}
    parts = goal_conditioned.read(messages)
    assert isinstance(parts, dict)
    assert {name: part.tolist() for name, part in parts.items()} == {
        "observation": [1.0, 2.0, 3.0],
        "desired_goal": [1.0, 0.5],
    }
    signals = goal_conditioned.signals(parts)
    assert isinstance(signals, dict)
    assert signals["desired_goal"].high.tolist() == [1.0, 1.0]
    assert signals["observation"].high.tolist() == [np.inf] * 3
    assert goal_conditioned.sizes == [2, 2, 1]


def test_numbers_and_a_picture_cannot_have_one_name() -> None:
    field = ObservationField(field="/arm.data", part="view")
    with pytest.raises(ConfigError, match=r"deploy.images.view: is also the name of numbers"):
        ObservationReader([field], {"view": "/camera"}, "deploy")


def test_joints_need_messages_that_name_them() -> None:
    field = ObservationField(field="/data.data", joints=["hip"])
    with pytest.raises(ConfigError, match="Float64MultiArray does not name its joints"):
        ObservationReader([field], {}, "deploy").check_types({"/data": Float64MultiArray})


def test_a_trajectory_names_its_joints_and_its_constants(ros_network: object) -> None:
    node = join_network("trajectory")
    sent = []
    field = ActionField(
        field="/arm.points[0].positions",
        type="trajectory_msgs/msg/JointTrajectory",
        low=-1.0,
        high=1.0,
        joints=["hip", "knee"],
        constants={"points[0].time_from_start.nanosec": 20_000_000, "header.frame_id": "base"},
    )
    try:
        commander = Commander(node, [field], "deploy.commands")
        commander._publishers["/arm"].publish = sent.append  # type: ignore[attr-defined,method-assign]
        commander.publish(np.array([0.5, -3.0]))
    finally:
        leave_network(node)
    (message,) = sent
    assert message.joint_names == ["hip", "knee"]
    assert list(message.points[0].positions) == [0.5, -1.0]
    assert message.points[0].time_from_start.nanosec == 20_000_000
    assert message.header.frame_id == "base"
