"""Environment 0 of a simulation as the standard topics of a robot."""

import math

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Quaternion, Vector3
from gymnasium.vector import VectorEnv
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import Empty, Float64, Float64MultiArray

from rl_nodes.camera_topics import CameraTopics
from rl_pipeline.envs.robot_state import RobotReader, find_robot
from rl_pipeline.policies.observations import Observation, as_dict
from rl_pipeline.wrappers.observations import space_parts

QOS = QoSProfile(depth=10)
NANOSECONDS = 1_000_000_000


class RobotTopics:
    """Publishes topics with subscribers: `joint_states`, `odom`, `observation`, `reward`, `camera/...` and `/clock`.

    `observation` is the policy's observation, if it is a list of numbers, or several in a Dict, which are
    concatenated in the order of the space. A message on `episode_start` precedes the first observation of an episode.
    The clock is published if it is enabled.

    Joints and odometry are available for MuJoCo environments. Messages are stamped with the simulated time, which
    never goes back: it continues across episodes.

    Args:
        node: Publishes.
        publish_clock: Whether this node publishes the simulated time.
        camera_rate: Pictures per simulated second; 0 for none.
    """

    def __init__(self, node: Node, *, publish_clock: bool, camera_rate: float) -> None:
        self._joint_states = node.create_publisher(JointState, "joint_states", QOS)
        self._odometry = node.create_publisher(Odometry, "odom", QOS)
        self._observation = node.create_publisher(Float64MultiArray, "observation", QOS)
        self._reward = node.create_publisher(Float64, "reward", QOS)
        self._episode_start = node.create_publisher(Empty, "episode_start", QOS)
        self._clock = node.create_publisher(Clock, "/clock", QOS) if publish_clock else None
        self._camera = CameraTopics(node, camera_rate) if camera_rate else None
        self._env: VectorEnv | None = None
        self._reader: RobotReader | None = None
        self.seconds = 0.0

    def publish(
        self,
        env: VectorEnv,
        rewards: np.ndarray | None,
        observations: Observation | None = None,
        *,
        episode_starts: bool = False,
    ) -> None:
        """Publish the state after a step, or after a reset, which has no duration and no reward.

        Args:
            env: The environments.
            rewards: (num_envs,); None after a reset.
            observations: Present observations of the environments; None if a client gets them.
            episode_starts: Whether the observation is the first of an episode.
        """
        if episode_starts:
            self._episode_start.publish(Empty())
        if env is not self._env:
            self._env, self._reader = env, find_robot(env)
        if rewards is not None:
            self.seconds += step_seconds(env, self._reader)
        now = stamp(self.seconds)
        if self._clock is not None:
            self._clock.publish(Clock(clock=now))
        if rewards is not None and self._reward.get_subscription_count():
            self._reward.publish(Float64(data=float(rewards[0])))
        if self._reader is not None:
            self._publish_robot(self._reader, now)
        if observations is not None and self._observation.get_subscription_count():
            parts = as_dict(observations)
            if all(part.ndim == 2 for part in parts.values()):
                keys = space_parts(env.single_observation_space)
                numbers = np.concatenate([parts[key][0].astype(np.float64) for key in keys])
                self._observation.publish(Float64MultiArray(data=numbers))
        if self._camera is not None:
            self._camera.publish(env, self._reader, self.seconds, now)

    def _publish_robot(self, reader: RobotReader, now: Time) -> None:
        if reader.joint_names and self._joint_states.get_subscription_count():
            positions, velocities, efforts = (values.tolist() for values in reader.joints())
            message = JointState(
                name=reader.joint_names, position=positions, velocity=velocities, effort=efforts
            )
            message.header.stamp = now
            self._joint_states.publish(message)
        if reader.root_moves and self._odometry.get_subscription_count():
            self._odometry.publish(odometry(reader, now))


def step_seconds(env: VectorEnv, reader: RobotReader | None) -> float:
    """Return the simulated seconds of an environment step; by default, those between two frames of a film."""
    return reader.seconds if reader else 1.0 / float(env.metadata.get("render_fps") or 50.0)


def stamp(seconds: float) -> Time:
    """Return a ROS time."""
    whole = math.floor(seconds)
    return Time(sec=whole, nanosec=min(round((seconds - whole) * NANOSECONDS), NANOSECONDS - 1))


def odometry(reader: RobotReader, now: Time) -> Odometry:
    """Return pose (in `world`) and velocity (in the body's frame) of the root body."""
    body = reader.body()
    message = Odometry(child_frame_id=body.name)
    message.header.stamp, message.header.frame_id = now, "world"
    x, y, z = body.position.tolist()
    message.pose.pose.position = Point(x=x, y=y, z=z)
    x, y, z, w = body.orientation.tolist()
    message.pose.pose.orientation = Quaternion(x=x, y=y, z=z, w=w)
    x, y, z = body.linear.tolist()
    message.twist.twist.linear = Vector3(x=x, y=y, z=z)
    x, y, z = body.angular.tolist()
    message.twist.twist.angular = Vector3(x=x, y=y, z=z)
    return message
