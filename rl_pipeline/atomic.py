"""Atomic writing of files: after a crash, a file is either the old one or the complete new one."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

LEFTOVER = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")


@contextmanager
def atomic_write(path: str | os.PathLike[str], *, mode: Literal["w", "wb"] = "wb") -> Iterator[IO[Any]]:
    """Open a file for writing that appears under its name only when it is complete and on the disk.

    The content goes to a temporary name in the same folder, is flushed and synced, and then renamed over
    `path`; the folder is synced as well, so that the rename survives a power cut.

    Args:
        path: The file to write or replace. Its folder must exist.
        mode: `"wb"` for bytes, `"w"` for UTF-8 text with unchanged line ends.

    Yields:
        The open temporary file.

    Raises:
        OSError: The folder cannot be written or the disk is full. The temporary file is removed and an older
            file under `path` is untouched, as with any other exception raised inside the `with` block.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    encoding, newline = ("utf-8", "") if mode == "w" else (None, None)
    try:
        with temporary.open(mode.replace("w", "x"), encoding=encoding, newline=newline) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove_leftovers(folder: str | os.PathLike[str]) -> None:
    """Remove the temporary files of `atomic_write` that killed processes left in a folder.

    Args:
        folder: A folder that no process writes to at this time.
    """
    for path in Path(folder).glob(".*.tmp"):
        if LEFTOVER.fullmatch(path.name) and path.is_file() and not path.is_symlink():
            path.unlink()


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Wait until the names in a folder (files created, renamed or removed) are on the disk.

    Args:
        folder: An existing folder.

    Raises:
        OSError: The folder does not exist or the disk failed.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
