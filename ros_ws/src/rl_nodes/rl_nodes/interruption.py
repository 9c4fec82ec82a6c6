"""Handling of SIGINT in a node with clients, which finish first."""

import signal
from collections.abc import Callable
from types import FrameType

from rclpy.node import Node

SILENT_SECONDS = 60.0
"""Seconds of silence after which a client counts as dead."""


class Interruption:
    """Records SIGINT; a second one raises KeyboardInterrupt. Create it in the main thread.

    Ctrl-C in a terminal, and `ros2 launch`, interrupt a training and its simulations together; the training needs
    them until it has saved.

    Args:
        node: Node that logs the reason of the wait.
        is_used: Returns whether the node was used in the last given seconds.
    """

    def __init__(self, node: Node, is_used: Callable[[float], bool]) -> None:
        self._logger = node.get_logger()
        self._is_used = is_used
        self._came = False
        self._is_told = False
        signal.signal(signal.SIGINT, self._on_signal)

    def is_over(self) -> bool:
        """Return whether SIGINT arrived and the node has no active clients; log once if it has."""
        if not self._came:
            return False
        is_used = self._is_used(SILENT_SECONDS)
        if is_used and not self._is_told:
            self._logger.info(
                f"SIGINT: the node ends when its clients have ended or were silent for {SILENT_SECONDS:.0f} s; "
                "a second SIGINT ends it at once"
            )
            self._is_told = True
        return not is_used

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._came:
            raise KeyboardInterrupt
        self._came = True
