"""The worker processes of a batch of environments: start, requests, restarts and end."""

import atexit
import itertools
import mmap
import os
import pickle
import tempfile
import time
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import cloudpickle
import gymnasium

from rl_pipeline.envs.errors import WorkerDiedError, WorkerError
from rl_pipeline.envs.gymnasium.description import GroupDescription
from rl_pipeline.envs.gymnasium.worker import WorkerProcess
from rl_pipeline.envs.step_limit import StepLimit

POLL_MS = 500

_open_pools: "weakref.WeakSet[WorkerPool]" = weakref.WeakSet()


@atexit.register
def _close_open_pools() -> None:
    """Close environments that were not closed explicitly, e.g. with programs that they started."""
    for pool in list(_open_pools):
        pool.close()


class WorkerPool:
    """Worker processes that each hold a slice of the environments.

    Args:
        env_fns: one function per environment that makes it.
        n_workers: number of processes.
        max_restarts: total number of restarts of workers that died.
        prepare: called with every restarted worker, when its environments are made.
        close_timeout: seconds that the workers have to close their environments before they are killed.
        limit: time limit of a worker's answer, after which it is killed and restarted.
        describe: returns a description of a worker's command.
    """

    def __init__(
        self,
        env_fns: Sequence[Callable[[], gymnasium.Env]],
        n_workers: int,
        max_restarts: int,
        prepare: Callable[[WorkerProcess], None],
        close_timeout: float,
        limit: StepLimit,
        describe: Callable[[WorkerProcess, str], str],
    ) -> None:
        self.max_restarts = max_restarts
        self.restarts = 0
        self.closed = False
        self._prepare = prepare
        self._close_timeout = close_timeout
        self._limit = limit
        self._describe = describe
        self._memory_handle = _shared_memory_file()
        bounds = [len(env_fns) * worker // n_workers for worker in range(n_workers + 1)]
        self.workers = [
            WorkerProcess(
                index, first, stop, cloudpickle.dumps(list(env_fns[first:stop])), self._memory_handle
            )
            for index, (first, stop) in enumerate(itertools.pairwise(bounds))
        ]

    def start(self) -> list[GroupDescription]:
        """Start all workers at the same time and wait until all environments have been made."""
        _open_pools.add(self)
        for worker in self.workers:
            worker.start()
        return [worker.made() for worker in self.workers]

    def share_memory(self, size: int) -> mmap.mmap:
        """Set the size of the shared memory in bytes and map it."""
        os.ftruncate(self._memory_handle, size)
        return mmap.mmap(self._memory_handle, size)

    def request(self, command: str, *arguments: object) -> list[Any]:
        """Send the same request to all workers and return their results."""
        message = cloudpickle.dumps((command, arguments))
        return self.exchange([(worker, message) for worker in self.workers])

    def request_each(
        self, command: str, arguments: Sequence[tuple[WorkerProcess, tuple[object, ...]]]
    ) -> list[Any]:
        """Send requests with different arguments to workers and return their results."""
        return self.exchange([(worker, cloudpickle.dumps((command, own))) for worker, own in arguments])

    def exchange(self, messages: Sequence[tuple[WorkerProcess, bytes]], repeat: bool = True) -> list[Any]:
        """Send all messages, then collect all results, so that the workers run at the same time.

        Args:
            messages: workers and their pickled (command, arguments).
            repeat: repeat the request to a worker that died after its restart; otherwise, its result is None.

        Raises:
            WorkerError: an environment raised an exception, or workers died more than `max_restarts` times.
        """
        if self.closed:
            raise WorkerError("the environments are closed")
        results, deaths = self._collect(messages)
        for position, death in deaths.items():
            self._restart(messages[position][0], death)
        if repeat and deaths:
            again = self.exchange([messages[position] for position in deaths])
            for position, result in zip(deaths, again, strict=True):
                results[position] = result
        return results

    def _collect(
        self, messages: Sequence[tuple[WorkerProcess, bytes]]
    ) -> tuple[list[object], dict[int, WorkerDiedError]]:
        """Return the results, and the deaths by position; raise the first failure after reading all replies."""
        results: list[object] = [None] * len(messages)
        deaths: dict[int, WorkerDiedError] = {}
        failures: list[WorkerError] = []
        for position, (worker, message) in enumerate(messages):
            try:
                worker.send(message)
            except WorkerDiedError as death:
                deaths[position] = death
        sent = time.monotonic()
        for position, (worker, message) in enumerate(messages):
            if position in deaths:
                continue
            try:
                if not worker.has_answered(POLL_MS):
                    self._wait_for(worker, message, sent)
                results[position] = worker.receive()
            except WorkerDiedError as death:
                deaths[position] = death
            except WorkerError as failure:
                failures.append(failure)
        if failures:
            raise failures[0]
        return results, deaths

    def _wait_for(self, worker: WorkerProcess, message: bytes, sent: float) -> None:
        """Wait for a reply to the request at time `sent`; kill a worker that takes too long."""
        while not worker.has_answered(POLL_MS):
            exceeded = self._limit.exceeded(sent)
            if exceeded is not None:
                command, _ = pickle.loads(message)
                raise worker.kill(f"{self._describe(worker, command)} has not returned {exceeded}")

    def _restart(self, worker: WorkerProcess, death: WorkerDiedError) -> None:
        while True:
            if self.restarts >= self.max_restarts:
                remedy = "use fewer environments if memory ran out, or raise max_worker_restarts"
                message = (
                    f"{death}; workers were restarted {self.restarts} times, which is the limit; {remedy}"
                )
                raise WorkerError(message) from death
            self.restarts += 1
            message = f"{death}; it is restarted (restart {self.restarts} of {self.max_restarts})"
            warnings.warn(message, RuntimeWarning, stacklevel=5)
            try:
                worker.start()
                worker.made()
                self._prepare(worker)
            except WorkerDiedError as next_death:
                death = next_death
            else:
                return

    def close(self) -> None:
        """Ask the workers to end, wait at most `close_timeout` seconds for all of them together, then kill them."""
        if self.closed:
            return
        self.closed = True
        started = [worker for worker in self.workers if worker.started]
        for worker in started:
            worker.ask_to_close()
        deadline = time.monotonic() + self._close_timeout
        for worker in started:
            worker.end(max(0.0, deadline - time.monotonic()))
        os.close(self._memory_handle)


def _shared_memory_file() -> int:
    """Return the descriptor of a file in memory; the kernel frees it when the last process that uses it has ended."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("rl_pipeline_environments")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
