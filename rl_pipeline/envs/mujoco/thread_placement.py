"""Where the threads that step simulations run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

THREADS = Path("/proc/self/task")


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def one_thread_per_core() -> Iterator[None]:
    """Give each thread that starts inside the `with` block a core of its own, if there are as many as cores.

    Threads that are woken together for a step of a few hundred microseconds often land on the same core: Linux
    moves them apart too late. Fewer threads than cores stay free to move, since several processes that place
    theirs alike would share some cores and leave others idle. Without effect where there is no Linux.
    """
    if not hasattr(os, "sched_setaffinity") or not THREADS.is_dir():
        yield
        return
    before = _threads()
    yield
    started = sorted(_threads() - before)
    cores = sorted(os.sched_getaffinity(0))
    if len(started) == len(cores):
        for thread, core in zip(started, cores, strict=True):
            os.sched_setaffinity(thread, {core})


def _threads() -> set[int]:
    return {int(path.name) for path in THREADS.iterdir()}
