"""Checkpoints of several ranks: each rank writes its part, and rank 0 completes the checkpoint."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rl_pipeline.learners.parallel.ranks import Ranks
from rl_pipeline.run.checkpoints import Checkpoint, write_checkpoint

WritePart = Callable[[Path], None]


def write_together(
    target: Path, timestep: int, ranks: Ranks, write_part: WritePart, **details: Any
) -> Checkpoint:
    """Write a checkpoint of all ranks that appears only when every rank has written its part.

    Args:
        target: The folder to make or replace.
        timestep: Timesteps for which the policy has been trained.
        ranks: All ranks; each of them calls this function.
        write_part: Gets the folder of the unfinished checkpoint and writes this rank's files into it.
        **details: Further arguments of `write_checkpoint`.

    Raises:
        OSError: A rank could not write its part; every rank raises it. An older checkpoint of this name is unchanged.
    """
    if ranks.size == 1:
        return write_checkpoint(target, timestep, write_part, **details)
    if not ranks.leads:
        return _take_part(target, ranks, write_part)
    folders: list[Path] = []

    def write_all(folder: Path) -> None:
        folders.append(folder)
        ranks.broadcast(folder)
        failures = [error for error in ranks.gather(_attempt(write_part, folder)) if error is not None]
        if failures:
            raise failures[0]

    try:
        checkpoint = write_checkpoint(target, timestep, write_all, ranks=ranks.size, **details)
    except OSError as error:
        if not folders:  # the others still wait for a folder
            ranks.broadcast(None)
        ranks.broadcast(error)
        raise
    ranks.broadcast(None)
    return checkpoint


def _take_part(target: Path, ranks: Ranks, write_part: WritePart) -> Checkpoint:
    folder: Path | None = ranks.broadcast(None)
    if folder is not None:
        ranks.gather(_attempt(write_part, folder))
    error: OSError | None = ranks.broadcast(None)
    if error is not None:
        raise error
    return Checkpoint(target)


def _attempt(write_part: WritePart, folder: Path) -> OSError | None:
    try:
        write_part(folder)
    except OSError as error:
        return error
    return None
