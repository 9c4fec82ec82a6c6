"""Main module of a worker process, `python -m rl_pipeline.envs.gymnasium.worker_process`; see `WorkerProcess`."""

import ctypes
import os
import signal
import sys
from multiprocessing.connection import Connection

from rl_pipeline.output import go_on_unread, guard_output

PR_SET_PDEATHSIG = 1
"""Linux, linux/prctl.h: the signal that a process gets when the thread that started it ends."""


def end_with_parent(parent: int, kill_with_parent: bool) -> None:
    """Make sure that this process does not outlive its parent.

    Args:
        parent: process id of the parent.
        kill_with_parent: let the kernel kill this process (Linux); otherwise, it ends when its pipe closes.
    """
    if kill_with_parent and sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def leave_signals_to_parent() -> None:
    """Ignore the signals that terminals and cluster managers send to whole process groups.

    The parent handles them; it may still need the environments for a last checkpoint. This uses a handler that
    does nothing, since programs that an environment starts would inherit an ignored signal. A SIGHUP that `nohup`
    ignores stays ignored.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def main() -> None:
    """Serve the environments that the parent sends until it sends `close` or ends."""
    connection_handle, memory_handle, parent, kill_with_parent = (int(text) for text in sys.argv[1:])
    end_with_parent(parent, bool(kill_with_parent))
    leave_signals_to_parent()
    guard_output()
    go_on_unread()
    connection = Connection(connection_handle)
    try:
        sys.path[:] = connection.recv()
        from rl_pipeline.envs.gymnasium.worker_server import (
            WorkerServer,  # after the parent's sys.path is known
        )

        WorkerServer(connection, memory_handle).run()
    except (EOFError, ConnectionError):
        return


if __name__ == "__main__":
    main()
