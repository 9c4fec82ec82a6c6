"""Requests to a running training: stop, pause, save now."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rl_pipeline.envs.step_limit import calm, hurry

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
"""Signals of a user, a service or cluster manager, a closed terminal, and a scheduler before its time limit."""


class TrainingControl:
    """Receives requests from signals and other threads; the training serves them between two iterations.

    Args:
        next_steps: Description of what follows a signal, for the user.
        quiet: Do not print it, because another process does.

    Attributes:
        stop_reason: Why to save and stop, such as `SIGTERM`; None while the training may continue.
    """

    def __init__(
        self, next_steps: str = "finishing this rollout, then saving", *, quiet: bool = False
    ) -> None:
        self._next_steps, self._quiet = next_steps, quiet
        self.stop_reason: str | None = None
        self._paused = False
        self._save = False
        self._given_up: BaseException | None = None
        # A signal may arrive while this thread holds the lock, so the lock must be reentrant.
        self._changed = threading.Condition(threading.RLock())

    def stop(self, reason: str) -> None:
        """Request to save and stop after this iteration."""
        with self._changed:
            self.stop_reason = reason
            self._changed.notify_all()
        hurry()

    def give_up(self, error: BaseException) -> None:
        """Raise an error in the main thread as soon as it executes Python again; call it from another thread."""
        self._given_up = error
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    def pause(self, paused: bool) -> None:
        """Request to pause after this iteration, or to continue."""
        with self._changed:
            self._paused = paused
            self._changed.notify_all()

    def save(self) -> None:
        """Request a checkpoint after this iteration."""
        with self._changed:
            self._save = True
            self._changed.notify_all()

    def take_save_request(self) -> bool:
        """Wait while the training is paused; then return, once for each request, whether to write a checkpoint."""
        with self._changed:
            while self._paused and not self._save and self.stop_reason is None:
                self._changed.wait()
            self._save, requested = False, self._save
            return requested

    def wait(self, seconds: float) -> None:
        """Wait for this time, or until a stop is requested."""
        with self._changed:
            self._changed.wait_for(lambda: self.stop_reason is not None, seconds)

    @contextmanager
    def listening(self) -> Iterator["TrainingControl"]:
        """Handle `SIGNALS` as requests to stop inside the `with` block; a second Ctrl-C interrupts at once.

        Other signals interrupt nothing, except SIGTERM after Ctrl-C: cluster managers send SIGTERM to a job's shell
        and to each of its processes, and again before they send SIGKILL; a terminal that closes may send SIGHUP
        twice. A signal that was ignored at the start, as `nohup` ignores SIGHUP, stays ignored, except SIGINT, which
        shells ignore for processes in the background.
        """
        previous = {
            number: signal.signal(number, self._on_signal)
            for number in SIGNALS
            if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN
        }
        try:
            yield self
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
            calm()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._given_up is not None:
            error, self._given_up = self._given_up, None
            raise error
        name = signal.Signals(number).name
        if name == "SIGINT" and self.stop_reason is not None:
            raise KeyboardInterrupt
        if name == "SIGTERM" and self.stop_reason == "SIGINT":
            raise KeyboardInterrupt
        if self.stop_reason is not None:
            return
        self.stop(name)
        if self._quiet:
            return
        sys.stderr.write(f"\n{name}: {self._next_steps}; Ctrl-C (SIGINT) stops at once.\n")
