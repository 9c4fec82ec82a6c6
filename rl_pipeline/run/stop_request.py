"""SIGINT and SIGTERM: the first asks the training to save and stop, the second stops it at once."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether somebody asked the training to stop.

    Attributes:
        signal_name: The signal that asked, such as `SIGTERM`, or None.
    """

    def __init__(self) -> None:
        self.signal_name: str | None = None

    def __bool__(self) -> bool:
        """True once a signal came."""
        return self.signal_name is not None

    @contextmanager
    def listening(self) -> Iterator["StopRequest"]:
        """Handle the signals inside the `with` block; a second one raises KeyboardInterrupt."""
        previous = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            yield self
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self:
            raise KeyboardInterrupt
        self.signal_name = signal.Signals(number).name
        message = (
            f"\n{self.signal_name}: finishing this rollout, then saving; a second signal stops at once.\n"
        )
        sys.stderr.write(message)
