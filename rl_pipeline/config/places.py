"""Key paths and files as messages show them."""

import os
from pathlib import Path

from rl_pipeline.config.errors import Problem, nearest

KeyPath = tuple[str, ...]
"""The keys from the top of a document down to a value; items of a list count "0", "1", ..."""


def shown_path(file: Path) -> str:
    """Return the path as messages show it: relative to the working directory if it is inside it."""
    absolute = Path(os.path.abspath(file))  # noqa: PTH100  resolve() would show the target of a link
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)


def missing_file(file: Path, key: str = "") -> Problem:
    """Return the problem that a file does not exist, with files of its folder that have a similar name.

    Args:
        file: the missing file.
        key: the configuration key that names it; empty when it was named on the command line.
    """
    place = None if key else shown_path(file)
    if not file.parent.is_dir():
        message = f"the file does not exist, nor does its folder {shown_path(file.parent)}"
        return Problem(key, message, str(file), remedy="check the path", place=place)
    present = sorted(entry.name for entry in file.parent.iterdir() if entry.suffix in {".yaml", ".yml"})
    return Problem(
        key,
        "the file does not exist",
        str(file),
        valid=present,
        nearest=nearest(file.name, present),
        remedy=f"name one of the YAML files in {shown_path(file.parent)}, or create this file",
        place=place,
    )
