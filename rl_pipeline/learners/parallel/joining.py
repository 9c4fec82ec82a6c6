"""Joining of the ranks that a launcher started: `torchrun`, `mpirun`, or none."""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager

from rl_pipeline.learners.parallel.mpi_ranks import SIZE, MpiRanks
from rl_pipeline.learners.parallel.ranks import Ranks, SingleRank
from rl_pipeline.learners.parallel.torch_ranks import VARIABLES, TorchRanks


@contextmanager
def joined_ranks() -> Iterator[Ranks]:
    """Join the other ranks of this training inside the `with` block; without a launcher, there is only this process.

    An error that leaves the block ends the other ranks, too.

    Raises:
        RefusedError: MPI started this process and mpi4py is not installed.
    """
    ranks = find_ranks()
    failed = False

    def abort_if_failed() -> None:
        if failed:
            ranks.abort()

    atexit.register(
        abort_if_failed
    )  # runs after the error was printed, and after handlers that are registered later
    try:
        yield ranks
    except BaseException as error:
        if ranks.size > 1 and not isinstance(error, SystemExit):
            error.add_note(f"This happened in {ranks.own} of {ranks.size} ranks.")
            failed = True
        raise
    ranks.close()


def find_ranks() -> Ranks:
    """Return the ranks that the environment variables of a launcher describe."""
    if int(os.environ.get(SIZE, "1")) > 1:
        return MpiRanks()
    if all(name in os.environ for name in VARIABLES) and int(os.environ["WORLD_SIZE"]) > 1:
        return TorchRanks()
    return SingleRank()
