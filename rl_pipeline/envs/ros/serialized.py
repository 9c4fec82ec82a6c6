"""Messages that are passed between ROS and a socket without being decoded."""

import importlib
from typing import Any

from rclpy.qos import DurabilityPolicy, QoSProfile

from rl_pipeline.bridge.cdr import HEADER


def interface(type_name: str, folder: str) -> Any:
    """Find the class of Unity's `package/Name` in the package's `msg` or `srv`.

    Raises:
        ImportError: The package does not exist.
        AttributeError: The package does not have the type.
    """
    package, _, name = type_name.partition("/")
    return getattr(importlib.import_module(f"{package}.{folder}"), name.rpartition("/")[2])


def publisher_qos(depth: int, latch: bool) -> QoSProfile:
    """Return the quality of service of a topic in Unity's terms, those of ROS 1; `latch` keeps the last messages."""
    durability = DurabilityPolicy.TRANSIENT_LOCAL if latch else DurabilityPolicy.VOLATILE
    return QoSProfile(depth=depth, durability=durability)


def whole(payload: bytes) -> bytes:
    """Replace an empty message by the one byte that ROS uses for it."""
    return payload + b"\0" if payload == HEADER else payload
