"""Ranks of `mpirun`, joined by MPI."""

import os
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.errors import FAILED, RefusedError
from rl_pipeline.learners.parallel.ranks import Ranks

SIZE = "OMPI_COMM_WORLD_SIZE"
"""Variable that Open MPI's `mpirun` sets in every process."""
SPIN_S = 1e-3
"""Seconds for which a waiting rank polls without a pause; gradients arrive sooner."""


class MpiRanks(Ranks):
    """Ranks joined by MPI through mpi4py.

    Raises:
        RefusedError: mpi4py is not installed.
    """

    label = "MPI"

    def __init__(self) -> None:
        try:
            from mpi4py import MPI
        except ImportError as error:
            remedy = "pip install 'rl-pipeline[mpi]', or start the ranks with torchrun"
            raise RefusedError(
                f"mpirun started this process, but mpi4py is missing ({error}); {remedy}"
            ) from error
        self._in_place, self._world = MPI.IN_PLACE, MPI.COMM_WORLD
        super().__init__(self._world.Get_rank(), self._world.Get_size())
        self.peers = self.gather(self.own)

    def mean(self, array: NDArray[np.floating[Any]]) -> None:
        """See `Ranks.mean`."""
        self._complete(self._world.Iallreduce(self._in_place, array))
        array /= self.size

    def stack(self, array: NDArray[Any]) -> NDArray[Any]:
        """See `Ranks.stack`."""
        stacked = np.empty((self.size, *array.shape), array.dtype)
        self._complete(self._world.Iallgather(np.ascontiguousarray(array), stacked))
        return stacked

    def close(self) -> None:
        """See `Ranks.close`: wait without CPU load until all have finished, unlike MPI's own end."""
        request = self._world.Ibarrier()
        while not _arrives(request, 1.0):
            pass

    def abort(self) -> None:
        """See `Ranks.abort`."""
        self._world.Abort(FAILED)

    def _complete(self, request: Any) -> None:
        # MPI's blocking calls have no time limit and block signals.
        self._await(lambda seconds: _arrives(request, seconds))


def _arrives(request: Any, seconds: float) -> bool:
    started = time.perf_counter()
    while not request.Test():
        waited = time.perf_counter() - started
        if waited > seconds:
            return False
        if waited < SPIN_S:
            os.sched_yield()
        else:
            time.sleep(min(waited / 10, 1e-3))
    return True
