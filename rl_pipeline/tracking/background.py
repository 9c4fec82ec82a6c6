"""Calls that are made one after another in a thread, so that a slow receiver never blocks the caller."""

import queue
import threading
import time
from collections.abc import Callable

Call = Callable[[], object]


class BackgroundCalls:
    """A bounded queue of calls and the thread that makes them.

    Args:
        name: Name of the thread.
        size: Maximum number of waiting calls.
        pause: Seconds that the thread sleeps when no call waits, so that frequent calls do not wake it one by one,
            which costs the caller time.
    """

    def __init__(self, name: str, size: int, pause: float = 0.0) -> None:
        self._pause = pause
        self._waiting: queue.Queue[Call | None] = queue.Queue(size)
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def put(self, call: Call, timeout: float = 0.0) -> bool:
        """Queue a call, which must not raise.

        Args:
            call: The call.
            timeout: Maximum time in seconds to wait for space in a full queue.

        Returns:
            False if the queue stayed full; the call is then dropped.
        """
        try:
            self._waiting.put(call, block=timeout > 0, timeout=timeout)
        except queue.Full:
            return False
        return True

    def stop(self, timeout: float) -> bool:
        """Make the queued calls and end the thread.

        Args:
            timeout: Maximum time in seconds to wait for it.

        Returns:
            Whether it has ended. A thread that hangs is left behind and ends with the process.
        """
        deadline = time.monotonic() + timeout
        try:
            self._waiting.put(None, timeout=timeout)
        except queue.Full:
            return False
        self._thread.join(max(deadline - time.monotonic(), 0.0))
        return not self._thread.is_alive()

    def _work(self) -> None:
        while call := self._waiting.get():
            call()
            if self._pause and self._waiting.empty():
                time.sleep(self._pause)
