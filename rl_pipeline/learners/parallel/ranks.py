"""The interface of the processes that train one policy together, and the trivial case of a single process."""

import os
import pickle
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import psutil
from numpy.typing import NDArray

from rl_pipeline.errors import FAILED, UserError

T = TypeVar("T")

DEFAULT_TIMEOUT = 600.0
"""Seconds that a rank waits for the others before it knows the configuration."""
POLL_S = 1.0
"""Interval at which a waiting rank checks whether the others still run."""
EXIT_S = 5.0
"""Seconds within which the process of a rank with a closed connection must end."""


class RankLostError(UserError):
    """Raised when another rank died or hangs; the message names it."""

    exit_status = FAILED


@dataclass(frozen=True)
class Peer:
    """Identity of a rank for messages.

    Attributes:
        rank: Its number, from 0.
        host: Name of its machine.
        pid: Its process on that machine.
    """

    rank: int
    host: str
    pid: int

    def __str__(self) -> str:
        """Write it for a message."""
        return f"rank {self.rank} (host {self.host}, pid {self.pid})"

    def condition(self) -> str | None:
        """Return `died` or `is suspended` if this is the case; None if it runs, or is on another host."""
        if self.host != socket.gethostname():
            return None
        try:
            status = psutil.Process(self.pid).status()
        except psutil.NoSuchProcess:
            return "died"
        if status in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return "died"
        return "is suspended" if status == psutil.STATUS_STOPPED else None


class Ranks(ABC):
    """Processes that train one policy together, as one of them sees it.

    All ranks call the same methods in the same order; each call returns when every rank has made it.

    Args:
        rank: Number of this process, from 0.
        size: Number of processes.

    Attributes:
        timeout: Seconds that a call waits for the other ranks.
        peers: All ranks, including this one.
    """

    label: str

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size
        self.timeout = DEFAULT_TIMEOUT
        self.peers: list[Peer] = []

    @property
    def leads(self) -> bool:
        """Whether this is rank 0, which logs, saves and prints."""
        return self.rank == 0

    @property
    def own(self) -> Peer:
        """This process."""
        return Peer(self.rank, socket.gethostname(), os.getpid())

    @abstractmethod
    def mean(self, array: NDArray[np.floating[Any]]) -> None:
        """Replace an array, of the same shape in all ranks, by its mean over the ranks, bit-identical in each.

        Raises:
            RankLostError: Another rank died or did not arrive in time.
        """

    @abstractmethod
    def stack(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return the arrays of all ranks, of equal shape and dtype, as (size, *shape) in every rank.

        Raises:
            RankLostError: See `mean`.
        """

    @abstractmethod
    def close(self) -> None:
        """Leave the group at the end of a successful training."""

    @abstractmethod
    def abort(self) -> None:
        """End the other ranks because this one failed; it may end this process."""

    def gather(self, value: T) -> list[T]:
        """Return the values of all ranks in their order, in every rank; objects that can be pickled.

        Raises:
            RankLostError: See `mean`.
        """
        pickled = np.frombuffer(pickle.dumps(value), np.uint8)
        lengths = self.stack(np.array(len(pickled))).tolist()
        padded = np.zeros(max(lengths), np.uint8)
        padded[: len(pickled)] = pickled
        rows = zip(self.stack(padded), lengths, strict=True)
        return [pickle.loads(row[:length].tobytes()) for row, length in rows]

    def broadcast(self, value: T) -> T:
        """Return the value of rank 0 in every rank."""
        return self.gather(value)[0]

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """Return for each flag whether it is set in any rank."""
        shares = np.array(flags, np.float32)
        self.mean(shares)
        return tuple((shares > 0).tolist())

    def from_first(self, make: Callable[[], T]) -> T:
        """Return the value that rank 0 makes in every rank.

        Raises:
            SystemExit: Rank 0 failed and reports the error.
        """
        if not self.leads:
            status, value = self.broadcast((0, None))
            if status:
                raise SystemExit(status)
            return value  # type: ignore[return-value]
        try:
            made = make()
        except BaseException as error:
            self.broadcast((error.exit_status if isinstance(error, UserError) else FAILED, None))
            raise
        return self.broadcast((0, made))[1]

    def _await(self, arrives: Callable[[float], bool]) -> None:
        """Wait for a call of all ranks.

        Args:
            arrives: Waits at most this many seconds and returns whether every rank has arrived.
        """
        started = time.monotonic()
        while not arrives(POLL_S):
            self._refuse_dead_peers()
            waited = time.monotonic() - started
            if waited > self.timeout:
                raise RankLostError(
                    f"{self.own} waited for {waited:.0f} s (training.training.rank_timeout) for the other ranks"
                    f"{self._suspects()}"
                )

    def _connection_lost(self, error: Exception) -> RankLostError:
        """Return the error that names the lost rank, after the transport reported an error."""
        deadline = time.monotonic() + EXIT_S
        while time.monotonic() < deadline:
            try:
                self._refuse_dead_peers()
            except RankLostError as named:
                return named
            time.sleep(0.05)
        return RankLostError(f"{self.own} lost the connection to another rank ({error}){self._suspects()}")

    def _refuse_dead_peers(self) -> None:
        dead = [str(peer) for peer in self.peers if peer.condition() == "died"]
        if dead:
            raise RankLostError(f"{', '.join(dead)} died, as {self.own} noticed; the training ends")

    def _suspects(self) -> str:
        others = [peer for peer in self.peers if peer.rank != self.rank]
        suspended = [str(peer) for peer in others if peer.condition() == "is suspended"]
        if suspended:
            return f"; {', '.join(suspended)} is suspended"
        return f"; the others are {', '.join(map(str, others))}"


class SingleRank(Ranks):
    """A training in one process."""

    label = "one process"

    def __init__(self) -> None:
        super().__init__(0, 1)

    def mean(self, array: NDArray[np.floating[Any]]) -> None:
        """See `Ranks.mean`: nothing to do."""

    def stack(self, array: NDArray[Any]) -> NDArray[Any]:
        """See `Ranks.stack`."""
        return array[None].copy()

    def gather(self, value: T) -> list[T]:
        """See `Ranks.gather`."""
        return [value]

    def close(self) -> None:
        """See `Ranks.close`."""

    def abort(self) -> None:
        """See `Ranks.abort`."""


def rank_seed(seed: int, rank: int, timestep: int = 0) -> int:
    """Return the seed of a rank; rank 0 has the configuration's.

    Args:
        seed: The configuration's seed.
        rank: The rank.
        timestep: Timestep of a resume with new random numbers, otherwise 0.

    Returns:
        The seed, below 2**31 unless it is the configuration's.
    """
    if rank == 0 and timestep == 0:
        return seed
    return int(np.random.SeedSequence((seed, rank, timestep)).generate_state(1)[0] >> 1)
