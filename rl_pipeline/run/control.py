"""What others ask of a training: to stop, to pause, to save now."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class TrainingControl:
    """Takes requests from signals and other threads; the training serves them between two iterations.

    Args:
        next_steps: What follows a signal, for the user.

    Attributes:
        stop_reason: Why to save and stop, such as `SIGTERM`; None while the training may go on.
    """

    def __init__(self, next_steps: str = "finishing this rollout, then saving") -> None:
        self._next_steps = next_steps
        self.stop_reason: str | None = None
        self._paused = False
        self._save = False
        # A signal may come while this thread holds the lock, so the lock must be one that it can take again.
        self._changed = threading.Condition(threading.RLock())

    def stop(self, reason: str) -> None:
        """Ask to save and stop after this iteration."""
        with self._changed:
            self.stop_reason = reason
            self._changed.notify_all()

    def pause(self, paused: bool) -> None:
        """Ask to wait after this iteration, or to go on."""
        with self._changed:
            self._paused = paused
            self._changed.notify_all()

    def save(self) -> None:
        """Ask for a checkpoint after this iteration."""
        with self._changed:
            self._save = True
            self._changed.notify_all()

    def is_to_save(self) -> bool:
        """Wait while the training is paused; then tell, once for each request, whether to write a checkpoint."""
        with self._changed:
            while self._paused and not self._save and self.stop_reason is None:
                self._changed.wait()
            self._save, is_to_save = False, self._save
            return is_to_save

    @contextmanager
    def listening(self) -> Iterator["TrainingControl"]:
        """Take SIGINT and SIGTERM as requests to stop inside the `with` block; a second one interrupts at once.

        Only SIGTERM after SIGTERM changes nothing: cluster managers send it to a job's shell and to each of its
        processes, and again before they send SIGKILL.
        """
        previous = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            yield self
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if self.stop_reason == name == "SIGTERM":
            return
        if self.stop_reason is not None:
            raise KeyboardInterrupt
        self.stop(name)
        sys.stderr.write(f"\n{name}: {self._next_steps}; Ctrl-C (SIGINT) stops at once.\n")
