"""Episodes in files of rollouts, of our own layout or MoCapAct's, as one sequence."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py

from rl_pipeline.datasets import mocapact, rollout_file
from rl_pipeline.datasets.episode import STARTS, Contents, Episode, Origin, RolloutFileError
from rl_pipeline.datasets.rollout_store import damage_told, opened
from rl_pipeline.policies.spec import describe_signals, signals_fit


@dataclass(frozen=True)
class Entry:
    """Location of an episode of a dataset.

    Attributes:
        origin: Origin of the episode.
        file: Index of its file.
        group: Name of its group.
        steps: Number of steps.
    """

    origin: Origin
    file: int
    group: str
    steps: int


class RolloutDataset(Sequence[Episode]):
    """The episodes of files: first those from the start, then those from random points.

    An episode is read from its file when it is accessed, so the files may be larger than the memory.

    Args:
        paths: The files.

    Attributes:
        entries: Entry of each episode.
        contents: Description of all episodes, with the experts of all files.

    Raises:
        RolloutFileError: A file is missing, damaged, or of other observations or actions than the first.
    """

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self.paths = [Path(path).expanduser() for path in paths]
        self._files: dict[int, h5py.File] = {}
        self._process = os.getpid()
        entries: list[Entry] = []
        contents = []
        for index, path in enumerate(self.paths):
            with opened(path) as file, damage_told(path):
                contents.append(_contents(file))
                entries += _entries(file, index)
        self.contents = _join(self.paths, contents)
        self.entries = sorted(entries, key=lambda entry: STARTS.index(entry.origin.start))

    def __len__(self) -> int:
        """Number of episodes."""
        return len(self.entries)

    def __getitem__(self, index: int) -> Episode:  # type: ignore[override] # no slices
        """Read an episode.

        Raises:
            RolloutFileError: Its file is damaged.
        """
        entry = self.entries[index]
        file = self._opened(entry.file)
        with damage_told(self.paths[entry.file]):
            group = file[entry.group]
            if mocapact.is_mocapact(file):
                return mocapact.read_episode(entry.origin, group)
            return rollout_file.read_episode(group)

    def close(self) -> None:
        """Close the files; they are opened again when an episode is accessed."""
        for file in self._files.values():
            file.close()
        self._files = {}

    def _opened(self, index: int) -> h5py.File:
        if self._process != os.getpid():  # HDF5 handles do not survive a fork
            self._files, self._process = {}, os.getpid()
        if index not in self._files:
            try:
                self._files[index] = h5py.File(self.paths[index], "r")
            except OSError as error:
                raise RolloutFileError(f"{self.paths[index]} cannot be opened: {error}") from error
        return self._files[index]


def _contents(file: h5py.File) -> Contents:
    return mocapact.read_contents(file) if mocapact.is_mocapact(file) else rollout_file.read_contents(file)


def _entries(file: h5py.File, index: int) -> list[Entry]:
    if mocapact.is_mocapact(file):
        return [
            Entry(origin, index, group.name, len(rollout_file.dataset(group, "actions")))
            for origin, group in mocapact.find_episodes(file)
        ]
    return [
        Entry(rollout_file.read_origin(group), index, group.name, int(group.attrs["steps"]))
        for _, group in rollout_file.subgroups(file[rollout_file.EPISODES])
    ]


def _join(paths: Sequence[Path], contents: Sequence[Contents]) -> Contents:
    first = contents[0]
    for path, other in zip(paths, contents, strict=True):
        pairs = ((other.spec.observation, first.spec.observation), (other.spec.action, first.spec.action))
        for own, expected in pairs:
            if not signals_fit(own, expected):
                raise RolloutFileError(
                    f"{path} contains {describe_signals(own)}, but {paths[0]} contains {describe_signals(expected)}"
                )
        if other.observed != first.observed:
            raise RolloutFileError(
                f"{path} contains {other.observed} observations, but {paths[0]} contains {first.observed} ones"
            )
    experts = {name: about for each in contents for name, about in each.experts.items()}
    return Contents(first.spec, first.observed, first.environment, experts, first.commit)
