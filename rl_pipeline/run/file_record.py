"""Recording of the files that are read while a run is built, including those that MuJoCo reads."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

import mujoco

from rl_pipeline.run.code_copy import absolute_path

MODEL_READERS = ((mujoco.MjModel, "from_xml_path"), (mujoco.MjSpec, "from_file"))
"""Functions that read a model without Python's `open`."""


@dataclass
class FileRecord:
    """Files that were read.

    Attributes:
        read: Files that were opened for reading, and those in folders that were listed.
        read_by_own_code: Those of them that a user's function read, directly or through other functions.
        models: Models that MuJoCo loaded.
    """

    read: set[Path] = field(default_factory=set)
    read_by_own_code: set[Path] = field(default_factory=set)
    models: set[Path] = field(default_factory=set)

    def add(self, path: Path, by_own_code: bool) -> None:
        """Record a file, or the files in a folder."""
        files = [path] if path.is_file() else [file for file in path.glob("[!.]*") if file.is_file()]
        self.read.update(files)
        if by_own_code:
            self.read_by_own_code.update(files)


@contextmanager
def recorded(own_folders: list[Path]) -> Iterator[FileRecord]:
    """Record the files that this thread reads in a block.

    Args:
        own_folders: Folders with users' Python files.
    """
    events: list[tuple[Any, bool]] = []
    prefixes = tuple(f"{folder}{os.sep}" for folder in own_folders)
    record = FileRecord()
    _hook.listen(lambda path, frame: events.append((path, _is_called_from(frame, prefixes))))
    try:
        with _models_noted(record):
            yield record
    finally:
        _hook.listen(None)
        for path, by_own_code in events:
            record.add(path, by_own_code)


class AuditHook:
    """Hook that Python calls before it opens a file or lists a folder; it cannot be removed."""

    def __init__(self) -> None:
        self.is_installed = False
        self.listener: Callable[[Path, FrameType], None] | None = None
        self.thread = 0

    def listen(self, listener: Callable[[Path, FrameType], None] | None) -> None:
        """Report the files that this thread reads from now on to `listener`; None stops the reports."""
        if not self.is_installed:
            sys.addaudithook(self)
            self.is_installed = True
        self.listener, self.thread = listener, threading.get_ident()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Handle an event; see `sys.addaudithook`."""
        if self.listener is None or event not in ("open", "os.listdir", "os.scandir"):
            return
        frame = sys._getframe(1)
        is_import = frame.f_code.co_filename.startswith("<frozen importlib")
        path = arguments[0]
        if (
            is_import
            or threading.get_ident() != self.thread
            or not isinstance(path, str | bytes | os.PathLike)
        ):
            return
        if event == "open" and (arguments[2] or 0) & os.O_ACCMODE != os.O_RDONLY:
            return
        self.listener(absolute_path(Path(os.fsdecode(path))), frame)


_hook = AuditHook()


def _is_called_from(frame: FrameType | None, prefixes: tuple[str, ...]) -> bool:
    while frame is not None and not frame.f_code.co_filename.startswith(prefixes):
        frame = frame.f_back
    return frame is not None


@contextmanager
def _models_noted(record: FileRecord) -> Iterator[None]:
    originals = [(owner, name, getattr(owner, name)) for owner, name in MODEL_READERS]

    def noting(read: Callable[..., object]) -> Callable[..., object]:
        @wraps(read)
        def read_and_note(*arguments: Any, **keywords: Any) -> object:
            path = Path(arguments[0] if arguments else keywords["filename"])
            record.models.add(absolute_path(path))
            return read(*arguments, **keywords)

        return read_and_note

    for owner, name, read in originals:
        setattr(owner, name, staticmethod(noting(read)))
    try:
        yield
    finally:
        for owner, name, read in originals:
            setattr(owner, name, read)
