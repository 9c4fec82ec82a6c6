"""Messages that pass from and to ROS as they came over a socket, without being read."""

import importlib
from typing import Any

from rclpy.qos import DurabilityPolicy, QoSProfile

from rl_pipeline.bridge.cdr import HEADER


def interface(type_name: str, folder: str) -> Any:
    """Find the class of Unity's `package/Name` in the package's `msg` or `srv`.

    Raises:
        ImportError: The package does not exist.
        AttributeError: It has no such type.
    """
    package, _, name = type_name.partition("/")
    return getattr(importlib.import_module(f"{package}.{folder}"), name.rpartition("/")[2])


def publisher_qos(depth: int, latch: bool) -> QoSProfile:
    """Return the quality of service of a topic of ROS 1, in which Unity thinks; `latch` keeps the last messages."""
    durability = DurabilityPolicy.TRANSIENT_LOCAL if latch else DurabilityPolicy.VOLATILE
    return QoSProfile(depth=depth, durability=durability)


def whole(payload: bytes) -> bytes:
    """Give an empty message the byte that ROS has in its place."""
    return payload + b"\0" if payload == HEADER else payload
