"""Ranks that are threads of one process, for tests of what ranks agree on."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.learners.parallel.ranks import Ranks

T = TypeVar("T")


class ThreadRanks(Ranks):
    """One of several ranks that are threads."""

    label = "threads"

    def __init__(self, rank: int, shared: list[Any], barrier: threading.Barrier) -> None:
        super().__init__(rank, barrier.parties)
        self._shared, self._barrier = shared, barrier

    def mean(self, array: NDArray[np.floating[Any]]) -> None:
        array[...] = self.stack(array).mean(axis=0)

    def stack(self, array: NDArray[Any]) -> NDArray[Any]:
        self._shared[self.rank] = array.copy()
        self._barrier.wait(60)
        stacked = np.stack(self._shared)
        self._barrier.wait(60)
        return stacked

    def wait_in_vain(self) -> None:
        """Wait for a call that the others do not make."""
        self._await(lambda seconds: False)

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass


def in_ranks(n_ranks: int, work: Callable[[Ranks], T]) -> list[T | BaseException]:
    """Let every rank do something, and return what each returns or raises."""
    shared, barrier = [None] * n_ranks, threading.Barrier(n_ranks)

    def attempt(rank: int) -> T | BaseException:
        try:
            return work(ThreadRanks(rank, shared, barrier))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the caller looks at it
            return error

    with ThreadPoolExecutor(n_ranks) as pool:
        return list(pool.map(attempt, range(n_ranks)))
