"""Topics whose messages a loop takes directly, without an executor."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile

from rl_pipeline.envs.ros.interfaces import Message
from rl_pipeline.envs.ros.topics.network import NANOSECONDS


class TakenByHand(CallbackGroup):
    """A callback group that executors ignore."""

    def can_execute(self, entity: object) -> bool:
        """Return False."""
        return False

    def beginning_execution(self, entity: object) -> bool:
        """Return False."""
        return False

    def ending_execution(self, entity: object) -> None:
        """Do nothing, since nothing has started."""


class Arrivals:
    """The messages of one topic.

    Args:
        node: Node that subscribes.
        message_class: Class of the messages.
        topic: The topic.
        quality: Requested quality of service.
        arrived: Called with each message by the loop that takes it.
    """

    def __init__(
        self,
        node: Node,
        message_class: type,
        topic: str,
        quality: QoSProfile,
        arrived: Callable[[Message], None],
    ) -> None:
        self._arrived = arrived
        self.subscription: Any = node.create_subscription(
            message_class, topic, arrived, quality, callback_group=TakenByHand()
        )

    def take(self) -> bool:
        """Take a message if one is available, and return whether it was."""
        taken = self.subscription.handle.take_message(self.subscription.msg_type, self.subscription.raw)
        if taken is None:
            return False
        self._arrived(taken[0])
        return True


def wait_for_arrivals(arrivals: Sequence[Arrivals], context: Any, nanoseconds: int) -> None:
    """Wait until one of the topics has a message, at most this long.

    rclpy's executors inspect everything that a node has before each wait; this function watches only the topics.
    """
    if not arrivals:  # a wait set cannot be empty
        time.sleep(nanoseconds / NANOSECONDS)
        return
    wait_set = _rclpy.WaitSet(len(arrivals), 0, 0, 0, 0, 0, context.handle)
    wait_set.clear_entities()
    for one in arrivals:
        wait_set.add_subscription(one.subscription.handle)
    wait_set.wait(nanoseconds)
