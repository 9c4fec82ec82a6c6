"""Copies of users' files in a run: which files, how many, and their places."""

import filecmp
import itertools
import os
import shutil
import site
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import rl_pipeline
from rl_pipeline.config.errors import ConfigError, Problem

MAX_FILES = 5_000
MAX_BYTES = 512 * 2**20
INSTALLED = {
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    *map(Path, [*site.getsitepackages(), site.getusersitepackages()]),
    Path(rl_pipeline.__file__).parent,
}
SYSTEM = tuple(map(Path, ("/proc", "/sys", "/dev", "/etc", "/usr", "/run")))


@dataclass(frozen=True)
class CodeCopy:
    """Files of a user and their copies, which have the same relative paths.

    Attributes:
        base: The folder above all of the files.
        folder: The folder in the run that corresponds to it.
        files: The files.
    """

    base: Path
    folder: Path
    files: frozenset[Path]

    def of(self, path: Path) -> Path | None:
        """Return the copy of a file, or of a folder with copied files; None if there is none."""
        if path not in self.files and not any(file.is_relative_to(path) for file in self.files):
            return None
        return self.folder / path.relative_to(self.base)

    def remove(self) -> None:
        """Remove all copies, and the folders that become empty."""
        for file in self.files:
            copy = self.folder / file.relative_to(self.base)
            copy.unlink(missing_ok=True)
            for folder in itertools.takewhile(lambda above: not any(above.iterdir()), copy.parents):
                folder.rmdir()


def copy_files(files: Iterable[Path], roots: Iterable[Path], folder: Path) -> CodeCopy:
    """Copy files below a folder, or below a numbered folder in it if other files have the same names.

    Args:
        files: Absolute paths.
        roots: Folders that must have a counterpart, even without files directly in them.
        folder: A run's folder of copies; it is created.

    Raises:
        ConfigError: There are too many files, or they are too large.
    """
    chosen = frozenset(files)
    check_size(chosen)
    base = Path(os.path.commonpath([*roots, *(file.parent for file in chosen)]))
    relative = {file: file.relative_to(base) for file in chosen}
    places = (folder / str(number) if number > 1 else folder for number in itertools.count(1))
    place = next(place for place in places if all(_is_free(place / relative[file], file) for file in chosen))
    for file in chosen:
        copy = place / relative[file]
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists():
            shutil.copyfile(file, copy)
    return CodeCopy(base, place, chosen)


def check_size(files: Iterable[Path]) -> None:
    """Refuse to copy more than a run should hold.

    Raises:
        ConfigError: There are too many files, or they are too large.
    """
    sizes = {file: file.stat().st_size for file in files}
    total = sum(sizes.values())
    if len(sizes) <= MAX_FILES and total <= MAX_BYTES:
        return
    largest = max(sizes, key=lambda file: sizes[file])
    message = (
        f"your code reads {len(sizes):,} files of {total / 2**20:,.0f} MiB together, and a run keeps a copy of "
        f"at most {MAX_FILES:,} files and {MAX_BYTES // 2**20} MiB; "
        f"the largest is {largest} ({sizes[largest] / 2**20:,.0f} MiB)"
    )
    remedy = "move large data out of the folder of the Python file, and write its absolute path in the file"
    raise ConfigError([Problem("environment", message, remedy=remedy)])


def absolute_path(path: Path) -> Path:
    """Return the absolute path without `..`; links are kept, since a copy takes the place of the link."""
    return Path(os.path.normpath(path.expanduser().absolute()))


def is_installed(path: Path) -> bool:
    """Return whether a file belongs to Python, an installed package or the system, and not to a user."""
    return any(path.is_relative_to(folder) for folder in (*INSTALLED, *SYSTEM))


def is_hidden(path: Path) -> bool:
    """Return whether a file is in a folder for caches, settings and the like, such as `.cache` or `.git`."""
    return any(part.startswith(".") for part in path.parent.parts)


def files_below(path: Path) -> set[Path]:
    """List a file, or the files of a folder and its folders, without hidden ones and Python's caches."""
    if path.is_file():
        return {path}
    found: set[Path] = set()
    for folder, folders, names in os.walk(path):
        folders[:] = filter(_is_visible, folders)
        found |= {Path(folder, name) for name in names if _is_visible(name)}
    return found


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name != "__pycache__"


def _is_free(copy: Path, file: Path) -> bool:
    return not copy.exists() or (copy.is_file() and filecmp.cmp(copy, file, shallow=False))
