"""Files of rollouts: HDF5, one group for each episode.

    /                                 attributes: format, version, observations (raw|seen), environment, commit
    /spec                             JSON: spaces, names, units and rate, as in policy.json
    /experts                          JSON: what is known about each expert, by its name
    /episodes/<number>/               attributes: expert, start, number, noise, seed, prefix, terminated,
                                      truncated, steps, total_reward
        observations                  (T + 1, ...), or a group of such arrays for Dict observations
        actions, means                (T, ...)
        rewards                       (T,)
        values, advantages            (T,), where the expert has a value function

Arrays are chunked and compressed with gzip, so that any HDF5 library reads them.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.episode import STARTS, Contents, Episode, Origin, RolloutFileError
from rl_pipeline.policies.observations import Observation
from rl_pipeline.policies.spec import spec_from_json, spec_to_json

FORMAT, VERSION = "rl_pipeline rollouts", 1
EPISODES, SPEC, EXPERTS = "episodes", "spec", "experts"
COMPRESSION: dict[str, Any] = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
CHUNK_BYTES = 1 << 18
UNREADABLE = (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError)
"""Errors that h5py raises if a file is damaged or of another kind."""


def write_contents(file: h5py.File, contents: Contents) -> None:
    """Write the description of all episodes to a new file."""
    file.attrs["format"], file.attrs["version"] = FORMAT, VERSION
    file.attrs["observations"] = contents.observed
    file.attrs["environment"] = contents.environment
    if contents.commit is not None:
        file.attrs["commit"] = contents.commit
    file[SPEC] = json.dumps(spec_to_json(contents.spec), allow_nan=False)
    file[EXPERTS] = json.dumps(contents.experts)
    file.create_group(EPISODES)


def read_contents(file: h5py.File) -> Contents:
    """Read the output of `write_contents`.

    Raises:
        RolloutFileError: The file is of another kind, or of another version.
    """
    if file.attrs.get("format") != FORMAT:
        raise RolloutFileError(f"{file.filename} is not a file of rollouts from `rl-pipeline collect`")
    if file.attrs["version"] != VERSION:
        found = file.attrs["version"]
        raise RolloutFileError(
            f"{file.filename} has version {found}, but this program reads version {VERSION}"
        )
    commit = file.attrs.get("commit")
    return Contents(
        spec_from_json(json.loads(dataset(file, SPEC)[()]), Path()),
        file.attrs["observations"],
        str(file.attrs["environment"]),
        json.loads(dataset(file, EXPERTS)[()]),
        None if commit is None else str(commit),
    )


def write_episode(group: h5py.Group, episode: Episode) -> None:
    """Write an episode into an empty group."""
    origin = episode.origin
    attributes = {
        "expert": origin.expert,
        "start": origin.start,
        "number": origin.number,
        "noise": origin.noise,
        "prefix": episode.prefix,
        "terminated": episode.terminated,
        "truncated": episode.truncated,
        "steps": len(episode),
        "total_reward": episode.total_reward,
    }
    if episode.seed is not None:
        attributes["seed"] = episode.seed
    group.attrs.update(attributes)
    if isinstance(episode.observations, dict):
        parts = group.create_group("observations")
        for key, rows in episode.observations.items():
            write_array(parts, key, rows)
    else:
        write_array(group, "observations", episode.observations)
    for name in ("actions", "means", "rewards", "values", "advantages"):
        rows = getattr(episode, name)
        if rows is not None:
            write_array(group, name, rows)


def write_array(group: h5py.Group, name: str, rows: NDArray[Any]) -> None:
    """Write an array in chunks along its first axis, compressed."""
    row = max(1, rows.nbytes // max(1, len(rows)))
    length = max(1, min(len(rows), CHUNK_BYTES // row))
    group.create_dataset(name, data=rows, chunks=(length, *rows.shape[1:]), **COMPRESSION)


def read_origin(group: h5py.Group) -> Origin:
    """Read the origin of an episode.

    Raises:
        ValueError: The attributes are not valid.
    """
    attributes = group.attrs
    if attributes["start"] not in STARTS:
        raise ValueError(f"{group.name} has the start {attributes['start']!r}; valid are {', '.join(STARTS)}")
    noise = float(attributes["noise"])
    return Origin(str(attributes["expert"]), attributes["start"], int(attributes["number"]), noise)


def read_episode(group: h5py.Group) -> Episode:
    """Read the output of `write_episode`.

    Raises:
        KeyError, ValueError or TypeError: The group is damaged.
    """
    attributes = group.attrs
    seed = attributes.get("seed")
    episode = Episode(
        read_origin(group),
        _observations(group),
        dataset(group, "actions")[()],
        dataset(group, "means")[()],
        dataset(group, "rewards")[()],
        optional(group, "values"),
        optional(group, "advantages"),
        bool(attributes["terminated"]),
        bool(attributes["truncated"]),
        None if seed is None else int(seed),
        int(attributes["prefix"]),
    )
    check_lengths(episode, group.name)
    return episode


def check_lengths(episode: Episode, name: str) -> None:
    """Refuse arrays that do not belong to one episode.

    Raises:
        ValueError: Their lengths differ.
    """
    steps = len(episode)
    arrays = (episode.means, episode.rewards, episode.values, episode.advantages)
    parts = episode.observations
    rows = list(parts.values()) if isinstance(parts, dict) else [parts]
    if any(array is not None and len(array) != steps for array in arrays):
        raise ValueError(f"{name} has arrays of different lengths")
    if any(len(part) != steps + 1 for part in rows):
        raise ValueError(f"{name} has {steps} actions, so it must have {steps + 1} observations")


def dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    """Return a dataset of this file; links to other files are not followed.

    Raises:
        KeyError: The dataset does not exist.
        ValueError: Its data is in another file.
    """
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise KeyError(f"{group.name} has no array '{name}'")
    found = group[name]
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise ValueError(f"{group.name}/{name} does not contain its data itself")
    return found


def optional(group: h5py.Group, name: str) -> NDArray[Any] | None:
    """Read an array; None if it does not exist."""
    return dataset(group, name)[()] if name in group else None


def subgroups(group: h5py.Group) -> Iterator[tuple[str, h5py.Group]]:
    """Yield the groups in a group by name; links to other files are left out."""
    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink) and isinstance(group[name], h5py.Group):
            yield name, group[name]


def _observations(group: h5py.Group) -> Observation:
    if isinstance(group["observations"], h5py.Group):
        parts = group["observations"]
        return {name: np.asarray(dataset(parts, name)[()]) for name in parts}
    return np.asarray(dataset(group, "observations")[()])
