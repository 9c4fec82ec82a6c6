"""The action of one robot, published on its topics."""

import numpy as np
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.qos import QoSProfile

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.ros_topics import RosTopics
from rl_pipeline.envs.errors import SimulationMissingError
from rl_pipeline.envs.ros.interfaces import find_interface
from rl_pipeline.envs.ros.topics.field_path import FieldPath, check_fields, parse
from rl_pipeline.envs.ros.topics.network import Network
from rl_pipeline.envs.ros.waiting import wait_for

KEY = "environment.ros_topics.actions"
DELIVERY = Duration(seconds=1)


class Commander:
    """Publishes actions of one robot.

    Args:
        network: Publishes.
        settings: Topics, fields and limits.
        index: Number of the robot.

    Attributes:
        low: Smallest action, (n,), in units of the messages.
        high: Largest action, (n,).
        has_commanded: Whether anything was published.

    Raises:
        ConfigError: A type or field does not exist.
    """

    def __init__(self, network: Network, settings: RosTopics, index: int) -> None:
        self._network = network
        self.has_commanded = False
        self._paths: list[FieldPath] = []
        self._types: dict[str, type] = {}
        for one in settings.actions:
            path = parse(one.field.format(index=index), KEY)
            message_class = find_interface(one.type, KEY)
            check_fields(path, message_class(), KEY)
            if self._types.setdefault(path.topic, message_class) is not message_class:
                raise ConfigError([Problem(KEY, f"{path.topic} has two types", one.type)])
            self._paths.append(path)
        sizes = [path.size or 1 for path in self._paths]
        self.low = np.repeat([one.low for one in settings.actions], sizes).astype(np.float32)
        self.high = np.repeat([one.high for one in settings.actions], sizes).astype(np.float32)
        self._safe = np.repeat([one.safe for one in settings.actions], sizes)
        self._parts = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
        self._publishers = {
            topic: network.node.create_publisher(message_class, topic, QoSProfile(depth=1))
            for topic, message_class in self._types.items()
        }

    @property
    def name(self) -> str:
        """What messages call the robot: its first action topic."""
        return self._paths[0].topic

    def wait_for_listeners(self, timeout: float) -> None:
        """Wait until somebody obeys.

        Raises:
            SimulationMissingError: Nobody listens to a topic, or only to another type.
        """
        for topic, publisher in self._publishers.items():
            if not wait_for(publisher.get_subscription_count, timeout, f"a listener to {topic}"):
                others = {one.topic_type for one in self._network.node.get_subscriptions_info_by_topic(topic)}
                hint = f"; it is listened to as {', '.join(sorted(others))}" if others else ""
                raise SimulationMissingError(
                    f"nobody listens to {topic} as {self._types[topic].__name__} after {timeout:.1f} s{hint}. "
                    f"Correct {KEY}, or start the robot"
                )

    def publish(self, action: NDArray[np.floating]) -> None:
        """Publish an action, (n,), within its limits."""
        self._send(np.clip(action, self.low, self.high))

    def publish_safe(self, *, wait: bool = True) -> None:
        """Publish the safe action and, unless told otherwise, wait until those who listen have it."""
        self._send(self._safe)
        for publisher in self._publishers.values() if wait else ():
            publisher.wait_for_all_acked(DELIVERY)

    def release(self) -> None:
        """Publish the safe action to a robot that was commanded, and nothing to any other."""
        if self.has_commanded:
            self.publish_safe()

    def _send(self, numbers: NDArray[np.floating]) -> None:
        self.has_commanded = True
        messages = {topic: message_class() for topic, message_class in self._types.items()}
        for path, part in zip(self._paths, self._parts, strict=True):
            path.write(messages[path.topic], numbers[part].astype(np.float64))
        for topic, message in messages.items():
            if hasattr(message, "header"):
                message.header.stamp = self._network.node.get_clock().now().to_msg()
            self._publishers[topic].publish(message)
