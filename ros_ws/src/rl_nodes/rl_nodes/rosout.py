"""Python's log messages on the topic /rosout; the terminal already shows them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rcl_interfaces.msg import Log
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

LEVELS = {logging.DEBUG: 10, logging.INFO: 20, logging.WARNING: 30, logging.ERROR: 40, logging.CRITICAL: 50}
AS_ROS_ITSELF = QoSProfile(depth=1000, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class RosoutHandler(logging.Handler):
    """Publishes the records of Python's logging.

    Args:
        node: Node that publishes and stamps them.
    """

    def __init__(self, node: Node) -> None:
        super().__init__(logging.INFO)
        self._node = node
        self._publisher = node.create_publisher(Log, "/rosout", AS_ROS_ITSELF)

    def emit(self, record: logging.LogRecord) -> None:
        """Publish a record."""
        message = Log(name=record.name, msg=self.format(record), file=record.pathname)
        message.level = LEVELS.get(record.levelno, LEVELS[logging.INFO])
        message.function, message.line = record.funcName or "", record.lineno
        message.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)


@contextmanager
def logged_to_rosout(node: Node) -> Iterator[None]:
    """Publish everything that is logged inside the `with` block."""
    handler = RosoutHandler(node)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
