"""Outcome of the processes of a launch, and the exit status of `ros2 launch`."""

import signal
from collections import defaultdict, deque

REPEATED_LINES = 30
OBEDIENT = (0, 130, -signal.SIGINT)
"""Exit statuses of an interrupted process that has not failed."""


class NodeFailedError(RuntimeError):
    """Raised when a node of the launch failed. `ros2 launch` prints it, and its exit status is not 0."""


class Outcome:
    """Keeps the first failure among the processes of a launch, until the last of them has ended.

    Args:
        n_processes: Number of processes.
    """

    def __init__(self, n_processes: int) -> None:
        self._running = n_processes
        self._failed: tuple[str, int] | None = None
        self._unfinished: defaultdict[str, bytes] = defaultdict(bytes)
        self._lines: defaultdict[str, deque[bytes]] = defaultdict(lambda: deque(maxlen=REPEATED_LINES))

    def wrote(self, process: str, output: bytes) -> None:
        """Store the last lines of a process's output."""
        *lines, self._unfinished[process] = (self._unfinished[process] + output).split(b"\n")
        self._lines[process].extend(line for line in lines if line.strip())

    def ended(self, process: str, exit_status: int, *, interrupted: bool) -> None:
        """Record the end of a process.

        Args:
            process: Its name.
            exit_status: Its exit status, or the negative number of the signal that ended it.
            interrupted: Whether the launch had interrupted it.

        Raises:
            NodeFailedError: It was the last process, and one of them has failed.
        """
        self._running -= 1
        if self._failed is None and exit_status not in (OBEDIENT if interrupted else (0,)):
            self._failed = process, exit_status
        if self._failed is not None and not self._running:
            raise NodeFailedError(self._failure(*self._failed))

    def _failure(self, process: str, exit_status: int) -> str:
        lines = [line.decode(errors="replace") for line in (*self._lines[process], self._unfinished[process])]
        last = "".join(f"\n    {line}" for line in lines if line)
        return f"{process} failed with exit status {exit_status}; its last lines:{last}"
