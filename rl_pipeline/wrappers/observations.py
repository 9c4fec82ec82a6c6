"""Observation spaces by part: a Box, or a Dict of them."""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from gymnasium import spaces

from rl_pipeline.policies.observations import PLAIN

Space = spaces.Space


def space_parts(space: Space) -> dict[str, Space]:
    """Return the parts of a space by key; a plain one has the single key `PLAIN`."""
    return dict(space.spaces) if isinstance(space, spaces.Dict) else {PLAIN: space}


def map_space(space: Space, keys: Collection[str], function: Callable[[str, Any], Space]) -> Space:
    """Replace a space's named parts by `function(key, part)`; others are unchanged."""
    changed = {key: function(key, part) if key in keys else part for key, part in space_parts(space).items()}
    return spaces.Dict(changed) if isinstance(space, spaces.Dict) else changed[PLAIN]


def float_boxes(space: Space, wrapper: str) -> dict[str, spaces.Box]:
    """Return the parts of an observation space with real numbers: Box spaces of a float dtype, by key.

    Args:
        space: A single environment's observation space; images (integer dtypes) and discrete parts are not
            returned.
        wrapper: Name of the wrapper, for the error message.

    Raises:
        ValueError: The space has no part of a float dtype.
    """
    boxes = {
        key: part
        for key, part in space_parts(space).items()
        if isinstance(part, spaces.Box) and np.issubdtype(part.dtype, np.floating)
    }
    if not boxes:
        raise ValueError(f"{wrapper} needs an observation space with a Box of a float dtype, got {space}")
    return boxes
