"""Messages that reach who listens, even where the node ends right after them."""

from typing import Any

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""Who subscribes later gets the latest message, too."""
PATIENCE = Duration(seconds=2)


def deliver(node: Node, publisher: Publisher, message: Any) -> None:
    """Stamp a message, publish it, and wait until those who listen have it."""
    message.stamp = node.get_clock().now().to_msg()
    publisher.publish(message)
    publisher.wait_for_all_acked(PATIENCE)
