"""Plain data in a file that is written atomically."""

from pathlib import Path
from typing import Any

from rl_pipeline import plain_data
from rl_pipeline.atomic import atomic_write
from rl_pipeline.run.checkpoints import CheckpointError


class StateFileError(CheckpointError):
    """Raised for a state file that is missing, truncated or not one of ours."""


def write_state(path: Path, tree: object) -> None:
    """Write a tree of plain data, as `plain_data.dump` describes it, to an `.npz`.

    Raises:
        TypeError: The tree contains something that is not plain data.
        OSError: The disk is full, or the folder cannot be written.
    """
    with atomic_write(path) as file:
        plain_data.dump(tree, file)


def read_state(path: Path) -> Any:
    """Read the output of `write_state`; tuples become lists.

    Raises:
        StateFileError: The file does not exist, is damaged or was not written by `write_state`.
    """
    try:
        return plain_data.load(path)
    except plain_data.UNREADABLE as error:
        raise StateFileError(f"{path}: not a readable state file ({error})") from error
