"""Batched observations: an array, or a dict of arrays for Dict spaces."""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

Observation = NDArray[Any] | dict[str, NDArray[Any]]
"""A batch of observations: an array of shape (n, ...), or a dict of such arrays."""

PLAIN = "observation"
"""Name of a plain observation in place of the keys of a Dict observation."""


def as_dict(observation: Observation) -> dict[str, NDArray[Any]]:
    """Return the parts of an observation by key; a plain one has the single key `PLAIN`."""
    return observation if isinstance(observation, dict) else {PLAIN: observation}


def map_parts(
    observation: Observation, keys: Collection[str], function: Callable[[str, NDArray[Any]], NDArray[Any]]
) -> Observation:
    """Replace an observation's named parts by `function(key, part)`; others are unchanged."""
    parts = as_dict(observation)
    changed = {key: function(key, part) if key in keys else part for key, part in parts.items()}
    return changed if isinstance(observation, dict) else changed[PLAIN]


def merge_rows(mask: NDArray[np.bool_], chosen: NDArray[Any], others: NDArray[Any]) -> NDArray[Any]:
    """Return rows of `chosen` where `mask` is true, rows of `others` elsewhere."""
    return np.where(mask.reshape(-1, *(1,) * (chosen.ndim - 1)), chosen, others)


def select_rows(mask: NDArray[np.bool_], chosen: Observation, others: Observation) -> Observation:
    """Return a new observation: rows of `chosen` where `mask` is true, rows of `others` elsewhere."""
    parts, other_parts = as_dict(chosen), as_dict(others)
    return map_parts(chosen, parts, lambda key, rows: merge_rows(mask, rows, other_parts[key]))
