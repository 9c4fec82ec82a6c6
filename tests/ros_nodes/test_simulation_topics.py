import math
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.factory import make_vector_env
from tests.ros_network import RosNetwork

from .conftest import PATIENCE

if TYPE_CHECKING:
    from .conftest import Participant

HALF_CHEETAH = {"id": "HalfCheetah-v5", "backend": "mujoco", "kwargs": {"num_threads": 1}}
STEP = 0.05
"""Simulated seconds of a step of HalfCheetah-v5."""


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "simulation.yaml"
    file.write_text(
        "environment: {id: HalfCheetah-v5, backend: mujoco, n_environments: 2, kwargs: {num_threads: 1}}\n"
        "training: {algorithm: ppo}\n"
    )
    return f"config:={file}"


def test_environment_0_of_the_training_is_published_step_by_step(
    ros_network: RosNetwork, participant: "Participant", config: str
) -> None:
    from nav_msgs.msg import Odometry
    from rosgraph_msgs.msg import Clock
    from sensor_msgs.msg import CameraInfo, Image, JointState
    from std_msgs.msg import Float64

    parameters = ["-p", config, "-p", "publish_clock:=true", "-p", "camera_rate:=10.0"]
    joints = participant.collect(JointState, "/left/joint_states", latched=False, reliable=True)
    odometry = participant.collect(Odometry, "/left/odom", latched=False, reliable=True)
    rewards = participant.collect(Float64, "/left/reward", latched=False, reliable=True)
    clock = participant.collect(Clock, "/clock", latched=False, reliable=True)
    images = participant.collect(Image, "/left/camera/image_raw", latched=False)
    infos = participant.collect(CameraInfo, "/left/camera/camera_info", latched=False)
    with ros_network.node("rl_nodes", "simulation", *parameters, "-r", "__ns:=/left"):
        remote = Environment.model_validate(
            {
                "id": "HalfCheetah-v5",
                "backend": "ros",
                "n_environments": 2,
                "ros": {"simulations": ["/left/simulation"]},
            }
        )
        local = Environment.model_validate({**HALF_CHEETAH, "n_environments": 2})
        with closing(make_vector_env(remote, seed=3)) as env, closing(make_vector_env(local, seed=3)) as ours:
            steps, deadline = 0, time.monotonic() + PATIENCE
            # The node publishes what somebody listens to, so wait until it has found the listener, too.
            while not all(topic.messages for topic in (joints, odometry, rewards, clock, images, infos)):
                assert time.monotonic() < deadline
                env.step(action := env.action_space.sample())
                ours.step(action)
                steps += 1
                time.sleep(0.02)
            other = make_vector_env(remote, seed=99)  # another client's environments are not published
            for _ in range(4):
                action = env.action_space.sample()
                env.step(action)
                other.step(action)
                _, reward, *_ = ours.step(action)
            other.close()
            assert rewards.wait_for(lambda message: message.data == reward[0])
            simulations = ours.simulations  # type: ignore[attr-defined]
            now = (steps + 4) * STEP
            state = joints.wait_for(lambda message: at(message, now))
            assert state.name == ["bthigh", "bshin", "bfoot", "fthigh", "fshin", "ffoot"]
            np.testing.assert_array_equal(state.position, simulations.qpos[0, 3:])
            np.testing.assert_array_equal(state.velocity, simulations.qvel[0, 3:])
            np.testing.assert_array_equal(state.effort, simulations.qfrc_actuator[0, 3:])
            pose = odometry.wait_for(lambda message: at(message, now))
            x, z, pitch = simulations.qpos[0, :3]
            position = pose.pose.pose.position
            assert (position.x, position.z) == pytest.approx((x, z + 0.7))
            assert math.sin(pitch / 2) == pytest.approx(pose.pose.pose.orientation.y)
            assert pose.twist.twist.angular.y == pytest.approx(simulations.qvel[0, 2])
            velocity = pose.twist.twist.linear
            forward = math.cos(pitch) * velocity.x + math.sin(pitch) * velocity.z
            assert forward == pytest.approx(simulations.qvel[0, 0], abs=1e-9)
            picture, info = images.messages[-1], infos.messages[-1]
            clock.wait_for(lambda message: seconds(message.clock) == pytest.approx(now))
    assert [seconds(message.clock) for message in clock.messages][-4:] == pytest.approx(
        [(steps + count) * STEP for count in (1, 2, 3, 4)]
    )
    assert len(picture.data) == picture.height * picture.step == picture.height * picture.width * 3
    assert np.ptp(np.asarray(picture.data)) > 50
    assert (info.height, info.width) == (picture.height, picture.width)
    stamps = [seconds(message.header.stamp) for message in infos.messages]
    assert all(later - earlier > STEP - 1e-6 for earlier, later in pairwise(stamps))
    assert len(stamps) <= 2 + (stamps[-1] - stamps[0]) / 0.1  # ten a second


def at(message: Any, moment: float) -> bool:
    return seconds(message.header.stamp) == pytest.approx(moment)


def seconds(stamp: "object") -> float:
    return stamp.sec + stamp.nanosec / 1e9  # type: ignore[attr-defined]


def test_in_real_time_it_plays_a_robot(
    ros_network: RosNetwork, participant: "Participant", config: str
) -> None:
    from sensor_msgs.msg import JointState
    from std_msgs.msg import Float64MultiArray
    from std_srvs.srv import SetBool, Trigger

    joints = participant.collect(JointState, "/joint_states", latched=False)
    command = participant.node.create_publisher(Float64MultiArray, "/simulation/action", 1)
    with ros_network.node("rl_nodes", "simulation", "-p", config, "-p", "real_time:=true"):
        joints.wait_for(lambda message: seconds(message.header.stamp) > 3 * STEP)
        assert not participant.call(Trigger, "/simulation/step_once").success
        assert participant.call(SetBool, "/simulation/pause", data=True).success
        participant.call(Trigger, "/simulation/reset_episode")
        before = joints.messages[-1]
        command.publish(Float64MultiArray(data=[math.nan] * 6))
        command.publish(Float64MultiArray(data=[1.0] * 5))
        answer = participant.call(Trigger, "/simulation/step_once")
        assert answer.success
        moment = float(answer.message.split()[-2])
        assert moment == pytest.approx(seconds(before.header.stamp) + STEP, abs=1e-3)
        still = joints.wait_for(lambda message: at(message, moment))
        np.testing.assert_allclose(still.effort, 0.0, atol=1e-12)  # both commands were refused
        command.publish(Float64MultiArray(data=[1.0, 0.0, 0.0, 0.0, 0.0, -1.0]))
        for _ in range(20):
            answer = participant.call(Trigger, "/simulation/step_once")
        last = joints.wait_for(lambda message: at(message, moment + 20 * STEP))
        np.testing.assert_allclose(last.effort, [120.0, 0.0, 0.0, 0.0, 0.0, -30.0])


@pytest.mark.parametrize(
    ("parameter", "part"),
    [
        ("camera_rate:=-1.0", "the parameter camera_rate is -1.0; it must be at least 0"),
        ("real_time_factor:=0.0", "the parameter real_time_factor is 0.0; it must be positive"),
    ],
)
def test_mistakes_are_refused(parameter: str, part: str, ros_network: RosNetwork, config: str) -> None:
    process = ros_network.popen(
        "rl_nodes", "simulation", "-p", config, "-p", "real_time:=true", "-p", parameter
    )
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 2, output
    assert part in output
    assert "Traceback" not in output
