"""The layout of MoCapAct's rollouts, https://github.com/microsoft/MoCapAct: one group for each clip.

n_start_rollouts, n_rsi_rollouts              int64: episodes of each clip from its start, and from random points
ref_steps                                     int64
observable_indices/walker/<name>              int64: positions in the flat observation
stats/{proprio,act,mean_act}_{mean,var}       float32, and stats/count
CMU_.../early_termination                     bool, one for each episode
CMU_.../{start,rsi}_metrics/{episode_returns, episode_lengths, norm_episode_returns, norm_episode_lengths}
CMU_.../<k>/observations/proprioceptive       float32 (T + 1, ...); those from the start come first
CMU_.../<k>/{actions, mean_actions}           float32 (T, ...)
CMU_.../<k>/{rewards, values, advantages}     float32 (T,)
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.episode import Contents, Episode, Origin, RolloutFileError, Start
from rl_pipeline.datasets.rollout_file import check_lengths, dataset, optional, subgroups, write_array
from rl_pipeline.policies.spec import PolicySpec, Signal

CLIP, OBSERVATION = "CMU", "proprioceptive"
N_START, N_RANDOM = "n_start_rollouts", "n_rsi_rollouts"
WALKER = "observable_indices/walker"
METRICS: dict[Start, str] = {"start": "start_metrics", "random": "rsi_metrics"}


def is_mocapact(file: h5py.File) -> bool:
    """Whether a file has MoCapAct's layout."""
    return N_START in file and N_RANDOM in file


def find_episodes(file: h5py.File) -> list[tuple[Origin, h5py.Group]]:
    """List the episodes of a file, in its order.

    Raises:
        KeyError or ValueError: The file is damaged.
    """
    n_start, n_random = (int(dataset(file, name)[()]) for name in (N_START, N_RANDOM))
    found = []
    for clip, group in subgroups(file):
        if clip.startswith(CLIP):
            for k in range(n_start + n_random):
                origin = Origin(clip, "start", k) if k < n_start else Origin(clip, "random", k - n_start)
                found.append((origin, group[str(k)]))
    return found


def read_episode(origin: Origin, group: h5py.Group) -> Episode:
    """Read an episode; its seed and its prefix are not in the file.

    Raises:
        KeyError, ValueError or TypeError: The group is damaged.
    """
    number = int(group.name.rpartition("/")[2])
    early = bool(dataset(group.parent, "early_termination")[number])
    rewards = dataset(group, "rewards")[()].astype(np.float64)
    episode = Episode(
        origin,
        dataset(group["observations"], OBSERVATION)[()],
        dataset(group, "actions")[()],
        dataset(group, "mean_actions")[()],
        rewards,
        optional(group, "values"),
        optional(group, "advantages"),
        early,
        not early,
    )
    check_lengths(episode, group.name)
    return episode


def read_contents(file: h5py.File) -> Contents:
    """Describe the content of a file; it has no limits of observations and actions, and no rate.

    Raises:
        RolloutFileError: The file has no episodes.
    """
    episodes = find_episodes(file)
    if not episodes:
        raise RolloutFileError(f"{file.filename} has no clip with episodes; their names begin with {CLIP}")
    first = read_episode(*episodes[0])
    assert not isinstance(first.observations, dict)
    observation, action = _unlimited(first.observations, _names(file)), _unlimited(first.actions, ())
    spec = PolicySpec("rollouts", observation, observation, action)
    return Contents(spec, "raw", "MoCapAct", {origin.expert: {} for origin, _ in episodes})


def _unlimited(rows: NDArray[Any], names: tuple[str, ...]) -> Signal:
    shape = rows.shape[1:]
    limit = np.full(shape, np.inf, rows.dtype)
    return Signal("box", shape, rows.dtype.name, -limit, limit, names if len(names) == shape[0] else ())


def _names(file: h5py.File) -> tuple[str, ...]:
    """Name the numbers of the flat observation, as `joints_pos[3]`."""
    if WALKER not in file:
        return ()
    names: dict[int, str] = {}
    for name in file[WALKER]:
        for place, index in enumerate(dataset(file[WALKER], name)[()].ravel().tolist()):
            names[int(index)] = f"{name}[{place}]"
    return tuple(names.get(index, f"[{index}]") for index in range(max(names, default=-1) + 1))


def write_mocapact(path: Path, contents: Contents, episodes: Iterable[Episode]) -> None:
    """Write episodes in MoCapAct's layout, one clip for each expert.

    Args:
        path: The file to write.
        contents: Description of all episodes.
        episodes: The episodes of all experts, with the same numbers from the start and from random points for each.

    Raises:
        RolloutFileError: The layout cannot store them.
        OSError: The disk is full.
    """
    signal = contents.spec.observation
    if not isinstance(signal, Signal) or len(signal.shape) != 1 or contents.spec.action.kind != "box":
        raise RolloutFileError(
            "MoCapAct's layout stores only observations and actions that are vectors of numbers"
        )
    with h5py.File(path, "w") as file:
        experts = list(contents.experts)
        counts = {expert: {"start": 0, "random": 0} for expert in experts}
        moments = {name: _Moments() for name in ("proprio", "act", "mean_act")}
        clips: dict[str, list[tuple[Start, Episode]]] = {expert: [] for expert in experts}
        names = {expert: f"{CLIP}_{number:03d}_01" for number, expert in enumerate(experts)}
        ordered = sorted(episodes, key=lambda one: (one.origin.start != "start", one.origin.number))
        for episode in ordered:
            origin = episode.origin
            group = file.require_group(names[origin.expert])
            _write_episode(group.create_group(str(sum(counts[origin.expert].values()))), episode)
            counts[origin.expert][origin.start] += 1
            clips[origin.expert].append((origin.start, episode))
            for name, rows in zip(
                moments, (episode.observations, episode.actions, episode.means), strict=True
            ):
                moments[name].add(np.asarray(rows))
        _write_totals(file, counts, moments, signal)
        for expert in experts:
            _write_metrics(file[names[expert]], clips[expert])
            file[names[expert]].attrs["expert"] = expert


def _write_episode(group: h5py.Group, episode: Episode) -> None:
    observations = np.asarray(episode.observations, np.float32)
    write_array(group.create_group("observations"), OBSERVATION, observations)
    steps = len(episode)
    named = {
        "actions": episode.actions,
        "mean_actions": episode.means,
        "rewards": episode.rewards,
        "values": np.zeros(steps) if episode.values is None else episode.values,
        "advantages": np.zeros(steps) if episode.advantages is None else episode.advantages,
    }
    for name, rows in named.items():
        write_array(group, name, np.asarray(rows, np.float32))


class _Moments:
    """Running mean and variance of batches of rows."""

    def __init__(self) -> None:
        self.count = 0
        self.total: Any = 0.0
        self.squares: Any = 0.0

    def add(self, rows: NDArray[Any]) -> None:
        rows = rows.astype(np.float64)
        self.count += len(rows)
        self.total = self.total + rows.sum(axis=0)
        self.squares = self.squares + np.square(rows).sum(axis=0)

    @property
    def mean(self) -> NDArray[np.float32]:
        return np.asarray(self.total / self.count, np.float32)

    @property
    def var(self) -> NDArray[np.float32]:
        return np.asarray(
            np.maximum(self.squares / self.count - np.square(self.total / self.count), 0.0), np.float32
        )


def _write_totals(
    file: h5py.File,
    counts: Mapping[str, Mapping[str, int]],
    moments: Mapping[str, _Moments],
    signal: Signal,
) -> None:
    each = {tuple(count.values()) for count in counts.values()}
    if len(each) != 1:
        raise RolloutFileError(
            f"MoCapAct's layout needs equally many episodes of every expert; found: {dict(counts)}; collect the rest"
        )
    file[N_START], file[N_RANDOM] = (np.int64(count) for count in each.pop())
    file["ref_steps"] = np.arange(1, 6, dtype=np.int64)
    for index, name in enumerate(signal.names or ("observation",)):
        place = f"{WALKER}/{name.replace('/', '_')}"
        positions = [index] if signal.names else np.arange(signal.shape[0])
        file[place] = np.asarray(positions, np.int64)
    for name, moment in moments.items():
        file[f"stats/{name}_mean"], file[f"stats/{name}_var"] = moment.mean, moment.var
    file["stats/count"] = np.int64(moments["act"].count)


def _write_metrics(clip: h5py.Group, episodes: Sequence[tuple[Start, Episode]]) -> None:
    clip["early_termination"] = np.array([episode.terminated for _, episode in episodes])
    longest = max(len(episode) for _, episode in episodes)
    for start, name in METRICS.items():
        chosen = [episode for own, episode in episodes if own == start]
        returns = np.array([episode.total_reward for episode in chosen], np.float32)
        lengths = np.array([len(episode) for episode in chosen], np.int64)
        group = clip.create_group(name)
        group["episode_returns"], group["episode_lengths"] = returns, lengths
        group["norm_episode_returns"] = returns / np.float32(longest)
        group["norm_episode_lengths"] = lengths.astype(np.float32) / np.float32(longest)
