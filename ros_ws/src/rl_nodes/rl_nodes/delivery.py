"""Messages that reach who listens, even where the node ends right after them."""

import time
from typing import Any

import psutil
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""Who subscribes later gets the latest message, too."""
PATIENCE = Duration(seconds=2)
DISCOVERY_S = 6.0
"""Seconds after whose start a process has been found; mostly it takes a tenth of one, now and then two or three."""
POLL_S = 0.05


def deliver(node: Node, publisher: Publisher, message: Any) -> None:
    """Stamp a message, publish it, and wait until those who listen have it."""
    message.stamp = node.get_clock().now().to_msg()
    publisher.publish(message)
    publisher.wait_for_all_acked(PATIENCE)


def wait_for_listener(publisher: Publisher) -> None:
    """Let who listens get the latest message of a node that ends, also where they have not found each other yet.

    Only a process that has hardly begun waits; later nobody listens whom it has not found.
    """
    end = psutil.Process().create_time() + DISCOVERY_S
    while not publisher.get_subscription_count() and time.time() < end:
        time.sleep(POLL_S)
    publisher.wait_for_all_acked(PATIENCE)
