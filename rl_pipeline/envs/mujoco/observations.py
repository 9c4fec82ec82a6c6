"""Batched observations: one array, or a dict of arrays, with one row for each simulation."""

from collections.abc import Callable

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

Observation = np.ndarray | dict[str, np.ndarray]


def map_arrays(function: Callable[..., np.ndarray], observation: Observation) -> Observation:
    """Apply a function to the array, or to every array of the dict."""
    if isinstance(observation, dict):
        return {key: function(array) for key, array in observation.items()}
    return function(observation)


def owned(array: np.ndarray) -> np.ndarray:
    """Return an array that later steps do not change: a copy of a view, or any other array itself."""
    return array if array.base is None else array.copy()


def owned_floats(array: np.ndarray) -> NDArray[np.float64]:
    """Return the same as float64."""
    return array if array.base is None and array.dtype == np.float64 else array.astype(np.float64)


def only_rows(observation: Observation, ids: NDArray[np.intp]) -> Observation:
    """Return copies of observations in which only the rows `ids` are valid."""

    def pick(array: np.ndarray) -> np.ndarray:
        picked = np.zeros_like(array)
        picked[ids] = array[ids]
        return picked

    return map_arrays(pick, observation)


def write_rows(target: Observation, ids: NDArray[np.intp], rows: Observation) -> None:
    """Replace the rows `ids` of observations."""
    if isinstance(target, dict):
        for key, array in target.items():
            array[ids] = rows[key]
    else:
        target[ids] = rows


def observation_space_of(observation: Observation) -> spaces.Space:
    """Derive the space of one simulation from a batch: 0 to 255 for bytes, unbounded for anything else."""
    if isinstance(observation, dict):
        return spaces.Dict({key: observation_space_of(array) for key, array in observation.items()})
    low, high = (0, 255) if observation.dtype == np.uint8 else (-np.inf, np.inf)
    return spaces.Box(low, high, observation.shape[1:], observation.dtype.type)
