"""Writing of episodes so that a killed process loses no finished episode.

An HDF5 file that is open for writing is damaged when its process is killed. So finished episodes are written to
separate small files, `OUT.parts/000001.hdf5`, under a temporary name, synced and renamed. `consolidate` copies
them, and the previous content of `OUT`, to a new `OUT`, which it renames.
"""

import fcntl
import io
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py
from typing_extensions import Self

from rl_pipeline.atomic import atomic_write, remove_leftovers, sync_folder
from rl_pipeline.datasets.episode import Contents, Episode, Origin, RolloutFileError
from rl_pipeline.datasets.rollout_file import (
    EPISODES,
    UNREADABLE,
    read_contents,
    read_origin,
    subgroups,
    write_contents,
    write_episode,
)
from rl_pipeline.policies.spec import describe_signals, signals_fit

PART = re.compile(r"\d{6,}\.hdf5")
UNFINISHED = "unfinished.tmp"


class RolloutStore:
    """A file of rollouts to which one process at a time adds episodes.

    Args:
        out: The file.
        contents: Description of the episodes that will be added.

    Attributes:
        origins: Origins of all stored episodes.

    Raises:
        RolloutFileError: The file contains other rollouts, or another process adds to it.
        OSError: The folder cannot be written.
    """

    def __init__(self, out: Path, contents: Contents) -> None:
        self.out = out
        self.parts = out.with_name(f"{out.name}.parts")
        self.parts.mkdir(exist_ok=True)
        self._lock = self._take_lock()
        remove_leftovers(self.parts)
        (self.parts / UNFINISHED).unlink(missing_ok=True)
        self.contents = contents
        self.origins: set[Origin] = set()
        try:
            for path in self._sources():
                with opened(path) as file, damage_told(path):
                    self._merge(file)
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Self:
        """Return the store."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Release the file for other processes."""
        os.close(self._lock)

    def add(self, episodes: Sequence[Episode]) -> None:
        """Store finished episodes; they survive a kill from now on.

        Raises:
            OSError: The disk is full.
        """
        content = io.BytesIO()  # h5py's own errors do not say that a disk is full
        with h5py.File(content, "w") as file:
            write_contents(file, self.contents)
            for number, episode in enumerate(episodes):
                write_episode(file.create_group(f"{EPISODES}/{number:06d}"), episode)
        numbers = [int(path.stem) for path in self._part_files()]
        with atomic_write(self.parts / f"{max(numbers, default=0) + 1:06d}.hdf5") as part:
            part.write(content.getbuffer())
        self.origins.update(episode.origin for episode in episodes)

    def consolidate(self) -> None:
        """Write all episodes to the file, and remove the parts.

        Raises:
            OSError: The disk is full; the parts keep the episodes.
        """
        if self._part_files():
            self.replace(self._write_all)
        else:
            shutil.rmtree(self.parts)

    def replace(self, write: Callable[[Path], object]) -> None:
        """Replace the old file by a new one, and remove the parts, whose episodes it contains.

        Args:
            write: Writes the new file under the given name.

        Raises:
            OSError: The disk is full; the parts keep the episodes.
        """
        unfinished = self.parts / UNFINISHED
        try:
            write(unfinished)
        except (OSError, RuntimeError) as error:  # HDF5 raises both for a full disk
            unfinished.unlink(missing_ok=True)
            raise OSError(f"{self.out} could not be written: {error}") from error
        with unfinished.open("rb") as stream:
            os.fsync(stream.fileno())
        unfinished.replace(self.out)
        sync_folder(self.out.parent)
        shutil.rmtree(self.parts)

    def _write_all(self, path: Path) -> None:
        with h5py.File(path, "w") as file:
            write_contents(file, self.contents)
            self._copy_episodes(file[EPISODES])

    def part_episodes(self) -> Iterator[h5py.Group]:
        """Yield the groups of the episodes in parts."""
        for path in self._part_files():
            with opened(path) as file:
                yield from (group for _, group in subgroups(file[EPISODES]))

    def _copy_episodes(self, target: h5py.Group) -> None:
        copied: set[Origin] = set()
        for path in self._sources():
            with opened(path) as file:
                for _, group in subgroups(file[EPISODES]):
                    origin = read_origin(group)
                    if origin not in copied:  # a kill between `publish` and `remove_parts` leaves both
                        file.copy(group, target, f"{len(copied):06d}")
                        copied.add(origin)

    def _part_files(self) -> list[Path]:
        return sorted(path for path in self.parts.iterdir() if PART.fullmatch(path.name))

    def _sources(self) -> list[Path]:
        return [*([self.out] if self.out.exists() else []), *self._part_files()]

    def _merge(self, file: h5py.File) -> None:
        """Take over the content of an existing file."""
        earlier = read_contents(file)
        if earlier.observed != self.contents.observed or not (
            signals_fit(earlier.spec.observation, self.contents.spec.observation)
            and signals_fit(earlier.spec.action, self.contents.spec.action)
        ):
            forms = [
                f"{one.observed} observations {describe_signals(one.spec.observation)} and actions {one.spec.action}"
                for one in (earlier, self.contents)
            ]
            raise RolloutFileError(
                f"{self.out} contains {forms[0]}; {forms[1]} cannot be added; give another --out"
            )
        experts = {**earlier.experts, **self.contents.experts}
        new = self.contents
        self.contents = Contents(new.spec, new.observed, earlier.environment, experts, new.commit)
        self.origins.update(read_origin(group) for _, group in subgroups(file[EPISODES]))

    def _take_lock(self) -> int:
        descriptor = os.open(self.parts / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise RolloutFileError(
                f"another process adds to {self.out}; wait for it, stop it, or give another --out"
            ) from error
        return descriptor


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading.

    Raises:
        RolloutFileError: The file is missing or not an HDF5 file.
    """
    try:
        file = h5py.File(path, "r")
    except FileNotFoundError as error:
        raise RolloutFileError(f"the file {path} does not exist") from error
    except OSError as error:
        raise RolloutFileError(
            f"{path} cannot be opened: {error}; record rollouts with `rl-pipeline collect`"
        ) from error
    with file:
        yield file


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Name the damaged file if reading it fails inside the block.

    Raises:
        RolloutFileError: Reading failed.
    """
    try:
        yield
    except UNREADABLE as error:
        raise RolloutFileError(f"{path} is damaged ({type(error).__name__}: {error})") from error
