"""The action of one robot, published on its topics."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import QoSProfile

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.ros_topics import ActionField
from rl_pipeline.envs.errors import SimulationMissingError
from rl_pipeline.envs.ros.interfaces import Message, find_interface
from rl_pipeline.envs.ros.topics.field_path import FieldPath, check_fields, parse
from rl_pipeline.envs.ros.waiting import wait_for

DELIVERY = Duration(seconds=1)
NEWEST = QoSProfile(depth=1)
NAME_FIELDS = ("joint_names", "name")
"""Fields that name the joints of a command, in JointTrajectory and in JointState."""


class Commander:
    """Publishes actions of one robot.

    Args:
        node: Node that publishes.
        fields: Topics, fields and limits.
        key: Their configuration key, for messages.
        index: Value of `{index}` in a topic.
        quality: Quality of service of the publishers.

    Attributes:
        low: Smallest action, (n,), in units of the messages.
        high: Largest action, (n,).
        safe: The safe action, (n,).
        sizes: Number of values in each field.
        has_commanded: Whether anything was published.

    Raises:
        ConfigError: A type or field does not exist.
    """

    def __init__(
        self,
        node: Node,
        fields: Sequence[ActionField],
        key: str,
        index: int = 0,
        quality: QoSProfile = NEWEST,
    ) -> None:
        self._node = node
        self._key = key
        self.has_commanded = False
        self._types: dict[str, type] = {}
        self._paths = [self._path(one, index) for one in fields]
        self._constants = [
            constant
            for one, path in zip(fields, self._paths, strict=True)
            for constant in self._fixed(one, path)
        ]
        self.sizes = sizes = [
            path.size or len(one.joints) or 1 for one, path in zip(fields, self._paths, strict=True)
        ]
        self.low = np.repeat([one.low for one in fields], sizes).astype(np.float32)
        self.high = np.repeat([one.high for one in fields], sizes).astype(np.float32)
        self.safe = np.repeat([one.safe for one in fields], sizes)
        self._parts = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
        self._publishers = {
            topic: node.create_publisher(message_class, topic, quality)
            for topic, message_class in self._types.items()
        }

    def _path(self, field: ActionField, index: int) -> FieldPath:
        path = parse(field.field.format(index=index), self._key)
        message_class = find_interface(field.type, self._key)
        check_fields(path, message_class, self._key)
        if self._types.setdefault(path.topic, message_class) is not message_class:
            raise ConfigError([Problem(self._key, f"{path.topic} has two types", field.type)])
        if field.joints and path.size not in (None, len(field.joints)):
            message = f"{len(field.joints)} joints are named for {path.size} numbers"
            raise ConfigError([Problem(self._key, message, field.field)])
        return path

    def _fixed(self, field: ActionField, path: FieldPath) -> list[tuple[FieldPath, float | str | list[str]]]:
        """Return the constants of a message, including the names of its joints."""
        message_class = self._types[path.topic]
        fixed: list[tuple[FieldPath, float | str | list[str]]] = []
        for name, value in field.constants.items():
            constant = parse(f"{path.topic}.{name}", self._key)
            check_fields(constant, message_class, self._key, numeric=False)
            fixed.append((constant, value))
        if field.joints:
            known: dict[str, str] = getattr(message_class, "get_fields_and_field_types", dict)()
            names = next((name for name in NAME_FIELDS if name in known), None)
            if names is not None:
                fixed.append((parse(f"{path.topic}.{names}", self._key), field.joints))
        return fixed

    @property
    def name(self) -> str:
        """Name of the robot in messages: its first action topic."""
        return self._paths[0].topic

    def wait_for_listeners(self, timeout: float) -> None:
        """Wait until every topic has a subscriber.

        Raises:
            SimulationMissingError: A topic has no subscriber, or only subscribers of another type.
        """
        for topic, publisher in self._publishers.items():
            if not wait_for(publisher.get_subscription_count, timeout, f"a subscriber of {topic}"):
                others = {one.topic_type for one in self._node.get_subscriptions_info_by_topic(topic)}
                hint = f"; it has subscribers of type {', '.join(sorted(others))}" if others else ""
                raise SimulationMissingError(
                    f"no subscriber of {topic} with type {self._types[topic].__name__} after {timeout:.1f} s{hint}. "
                    f"Correct {self._key}, or start the robot"
                )

    def publish(self, action: NDArray[np.floating]) -> None:
        """Publish an action, (n,), within its limits."""
        self.send(np.clip(action, self.low, self.high))

    def publish_safe(self, *, wait: bool = True) -> None:
        """Publish the safe action and, by default, wait until the subscribers have received it."""
        self.send(self.safe)
        if wait:
            self.deliver()

    def deliver(self) -> None:
        """Wait until reliable subscribers have received the messages, at most one second for each topic."""
        for publisher in self._publishers.values():
            publisher.wait_for_all_acked(DELIVERY)

    def release(self) -> None:
        """Publish the safe action if the robot was commanded."""
        if self.has_commanded:
            self.publish_safe()

    def close(self) -> None:
        """Leave the topics."""
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)

    def send(self, numbers: NDArray[np.floating]) -> None:
        """Publish numbers, (n,), unchanged."""
        self.has_commanded = True
        messages: dict[str, Message] = {topic: kind() for topic, kind in self._types.items()}
        for path, value in self._constants:
            path.assign(messages[path.topic], value)
        for path, part in zip(self._paths, self._parts, strict=True):
            path.write(messages[path.topic], numbers[part].astype(np.float64))
        for topic, message in messages.items():
            if hasattr(message, "header"):
                message.header.stamp = self._node.get_clock().now().to_msg()
            self._publishers[topic].publish(message)
