"""SIGINT of a node that others use: they finish first."""

import signal
from collections.abc import Callable
from types import FrameType

from rclpy.node import Node

SILENT_SECONDS = 60.0
"""Who sends nothing for so long is taken for dead."""


class Interruption:
    """Notes SIGINT; a second one raises KeyboardInterrupt. Make it in the main thread.

    Ctrl-C in a terminal, and `ros2 launch`, interrupt a training and its simulations together; the training needs
    them until it has saved.

    Args:
        node: Says what it is waiting for.
        is_used: Whether somebody has used the node in the last so many seconds.
    """

    def __init__(self, node: Node, is_used: Callable[[float], bool]) -> None:
        self._logger = node.get_logger()
        self._is_used = is_used
        self._came = False
        self._is_told = False
        signal.signal(signal.SIGINT, self._on_signal)

    def is_over(self) -> bool:
        """Return whether SIGINT came and nobody uses the node any more; say so once where somebody does."""
        if not self._came:
            return False
        is_used = self._is_used(SILENT_SECONDS)
        if is_used and not self._is_told:
            self._logger.info(
                f"SIGINT: ending when its clients have, or were silent for {SILENT_SECONDS:.0f} s; "
                "a second one ends at once"
            )
            self._is_told = True
        return not is_used

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._came:
            raise KeyboardInterrupt
        self._came = True
