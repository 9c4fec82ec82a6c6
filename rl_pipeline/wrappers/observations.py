"""Batched observations that are an array or, for Dict spaces, a dict of arrays."""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

Observation = Any
"""A batched observation: an array of shape (num_envs, ...) or a dict of such arrays."""

PLAIN = "observation"
"""The name under which a plain Box observation appears where a Dict observation has its keys."""


def as_dict(observation: Observation) -> dict[str, Any]:
    """Return the parts of an observation (or space) by key; a plain one has the single key `PLAIN`."""
    if isinstance(observation, spaces.Dict):
        return dict(observation.spaces)
    return observation if isinstance(observation, dict) else {PLAIN: observation}


def map_parts(
    observation: Observation, keys: Collection[str], function: Callable[[str, Any], Any]
) -> Observation:
    """Replace an observation's (or space's) named parts by `function(key, part)`; others stay as they are."""
    parts = as_dict(observation)
    changed = {key: function(key, part) if key in keys else part for key, part in parts.items()}
    if isinstance(observation, spaces.Dict):
        return spaces.Dict(changed)
    return changed if isinstance(observation, dict) else changed[PLAIN]


def select_rows(mask: NDArray[np.bool_], chosen: Observation, others: Observation) -> Observation:
    """Return a new observation: rows of `chosen` where `mask` is true, rows of `others` elsewhere."""

    def select(rows: NDArray[Any], other_rows: NDArray[Any]) -> NDArray[Any]:
        return np.where(mask.reshape(-1, *(1,) * (rows.ndim - 1)), rows, other_rows)

    if isinstance(chosen, dict):
        return {key: select(rows, others[key]) for key, rows in chosen.items()}
    return select(chosen, others)


def float_boxes(space: spaces.Space[Any], wrapper: str) -> dict[str, spaces.Box]:
    """Return the parts of an observation space that hold real numbers: Box spaces of a float dtype, by key.

    Args:
        space: A single environment's observation space; images (integer dtypes) and discrete parts are not
            returned.
        wrapper: Who asks, for the error message.

    Raises:
        ValueError: The space has no such part.
    """
    boxes = {
        key: part
        for key, part in as_dict(space).items()
        if isinstance(part, spaces.Box) and np.issubdtype(part.dtype, np.floating)
    }
    if not boxes:
        raise ValueError(f"{wrapper} needs an observation space with a Box of a float dtype, got {space}")
    return boxes
