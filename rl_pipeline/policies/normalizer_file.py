"""`normalizer.npz`: running statistics of observations and rewards, by name.

    observation.mean  observation.var  observation.count    an observation that is one array
    observation.<part>.mean  ...                            each normalised part of a Dict observation
    reward.mean  reward.var  reward.count                   the discounted return, which scales rewards

`numpy.load` reads the file without pickle; every member is float64.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rl_pipeline import plain_data
from rl_pipeline.atomic import atomic_write
from rl_pipeline.policies.observations import PLAIN
from rl_pipeline.policies.policy import PolicyFileError

NORMALIZER = "normalizer.npz"
OBSERVATION, REWARD = "observation", "reward"
NUMBERS = ("mean", "var", "count")

Statistics = Mapping[str, Any]


def write_normalizer(path: Path, state: Mapping[str, Any]) -> None:
    """Write the result of `normalizer_state`.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    groups: dict[str, Statistics] = {}
    if OBSERVATION in state:
        parts = state[OBSERVATION]
        whole = parts.keys() == {PLAIN}
        groups |= {OBSERVATION if whole else f"{OBSERVATION}.{key}": part for key, part in parts.items()}
    if REWARD in state:
        groups[REWARD] = state[REWARD]
    arrays = {f"{name}.{number}": group[number] for name, group in groups.items() for number in NUMBERS}
    with atomic_write(path) as file:
        members = {name: np.asarray(value, np.float64) for name, value in arrays.items()}
        np.savez(file, allow_pickle=False, **members)


def read_normalizer(path: Path) -> dict[str, Any]:
    """Read a file of `write_normalizer`, or of version 0.1.0, for `load_normalizer_state`.

    Raises:
        PolicyFileError: The file does not exist, is damaged or of another kind.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            if "tree" not in archive.files:
                return _state(dict(archive.items()))
        state: dict[str, Any] = plain_data.load(path)  # version 0.1.0 wrote it like the other state files
    except plain_data.UNREADABLE as error:
        raise PolicyFileError(f"{path}: not a readable normalizer file ({error})") from error
    return state


def _state(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    state: dict[str, Any] = {}
    for name, array in arrays.items():
        group, _, number = name.rpartition(".")
        kind, _, part = group.partition(".")
        if number not in NUMBERS or kind not in (OBSERVATION, REWARD) or (kind == REWARD and part):
            raise ValueError(f"unknown array '{name}'")
        statistics = state.setdefault(kind, {})
        if kind == OBSERVATION:
            statistics = statistics.setdefault(part or PLAIN, {})
        statistics[number] = array
    return state
