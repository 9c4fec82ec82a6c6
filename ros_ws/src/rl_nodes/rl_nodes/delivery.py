"""Delivery of messages to subscribers, even if the node ends directly afterwards."""

import time
from typing import Any

import psutil
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""Quality of service with which later subscribers also get the latest message."""
PATIENCE = Duration(seconds=2)
DISCOVERY_S = 6.0
"""Seconds until others have discovered a new process; usually 0.1 s, sometimes 2 or 3 s."""
POLL_S = 0.05


def deliver(node: Node, publisher: Publisher, message: Any) -> None:
    """Stamp a message, publish it, and wait until the subscribers have received it."""
    message.stamp = node.get_clock().now().to_msg()
    publisher.publish(message)
    publisher.wait_for_all_acked(PATIENCE)


def wait_for_listener(publisher: Publisher) -> None:
    """Deliver the latest message of a node before it ends, even if subscribers have not discovered it yet.

    Only a new process waits; later, it has discovered all subscribers.
    """
    end = psutil.Process().create_time() + DISCOVERY_S
    while not publisher.get_subscription_count() and time.time() < end:
        time.sleep(POLL_S)
    publisher.wait_for_all_acked(PATIENCE)
