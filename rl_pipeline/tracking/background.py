"""Calls that are made one after the other in a thread, so that a slow receiver never holds up the caller."""

import queue
import threading
from collections.abc import Callable

Call = Callable[[], None]


class BackgroundCalls:
    """A bounded queue of calls and the thread that makes them.

    Args:
        name: Name of the thread.
        size: So many calls may wait.
    """

    def __init__(self, name: str, size: int) -> None:
        self._waiting: queue.Queue[Call | None] = queue.Queue(size)
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def put(self, call: Call) -> bool:
        """Queue a call, which must not raise.

        Returns:
            False where the queue is full; the call is then dropped.
        """
        try:
            self._waiting.put_nowait(call)
        except queue.Full:
            return False
        return True

    def wait(self, timeout: float) -> bool:
        """Wait until all calls queued so far have been made.

        Args:
            timeout: Wait for at most so many seconds.

        Returns:
            Whether they have been made.
        """
        done = threading.Event()
        return self.put(done.set) and done.wait(timeout)

    def stop(self) -> None:
        """Let the thread end after the calls that are queued, without waiting for it."""
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            return  # the receiver hangs; the thread is a daemon and ends with the process

    def _work(self) -> None:
        while call := self._waiting.get():
            call()
