"""SIGINT of a node that others use: they finish first."""

import signal
from collections.abc import Callable
from types import FrameType

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

POLL_SECONDS = 0.1
SILENT_SECONDS = 60.0
"""Who sends nothing for so long is taken for dead."""


def end_when_unused(node: Node, is_used: Callable[[float], bool]) -> None:
    """Let SIGINT end a node that spins in this thread as soon as nobody uses it; a second SIGINT ends it at once.

    Ctrl-C in a terminal, and `ros2 launch`, interrupt a training and its simulations together; the training needs
    them until it has saved.

    Args:
        node: Ends by a KeyboardInterrupt.
        is_used: Whether somebody has used it in the last so many seconds.
    """
    interrupted = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        if interrupted:
            raise KeyboardInterrupt
        interrupted = True
        if is_used(SILENT_SECONDS):
            node.get_logger().info("SIGINT: ending when its clients have; a second one ends at once")

    def poll() -> None:
        if interrupted and not is_used(SILENT_SECONDS):
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, on_signal)
    node.create_timer(POLL_SECONDS, poll, clock=Clock(clock_type=ClockType.STEADY_TIME))
