"""Observations of many environments as one array per part of the observation space."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from gymnasium import Space, spaces

ARRAY_SPACES = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)


class Leaf(NamedTuple):
    """A part of a space that is one array."""

    path: tuple[str | int, ...]
    """The keys (Dict) and positions (Tuple) that lead to the part; empty for the space itself."""
    shape: tuple[int, ...]
    dtype: np.dtype


def leaves(space: Space) -> list[Leaf]:
    """List the arrays that a value of the space consists of.

    Raises:
        TypeError: the space contains a part that is not an array of a fixed shape, such as Text, Graph or Sequence.
    """
    if isinstance(space, ARRAY_SPACES):
        return [Leaf((), array_shape(space), np.dtype(space.dtype))]
    if isinstance(space, spaces.Dict | spaces.Tuple):
        parts = space.spaces.items() if isinstance(space, spaces.Dict) else enumerate(space.spaces)
        return [leaf._replace(path=(key, *leaf.path)) for key, part in parts for leaf in leaves(part)]
    valid = ", ".join(kind.__name__ for kind in (*ARRAY_SPACES, spaces.Dict, spaces.Tuple))
    raise TypeError(f"{space} cannot be batched; valid spaces are {valid}")


def array_shape(space: Space) -> tuple[int, ...]:
    """Return the shape of the values of an array space, which Gymnasium types as optional."""
    return tuple(space.shape or ())


class Batch:
    """Values of one space for n environments.

    Args:
        space: the space of a single environment.
        arrays: one array (n, *shape) for each of `leaves(space)`.
    """

    def __init__(self, space: Space, arrays: list[np.ndarray]) -> None:
        self.space = space
        self.arrays = arrays
        self._paths = [leaf.path for leaf in leaves(space)]
        self._single = arrays[0] if self._paths == [()] else None

    def write(self, index: int, value: object) -> None:
        """Store the value of one environment."""
        if self._single is not None:
            self._single[index] = value
            return
        for path, array in zip(self._paths, self.arrays, strict=True):
            array[index] = _part(value, path)

    def copy(self) -> Any:
        """Return a copy: an array (n, *shape), or a dict or tuple of such arrays."""
        if self._single is not None:
            return self._single.copy()
        arrays = iter(self.arrays)
        return _assemble(self.space, lambda: next(arrays).copy())

    def clone(self) -> "Batch":
        """Return a batch in newly allocated memory."""
        return Batch(self.space, [array.copy() for array in self.arrays])

    def assign(self, arrays: list[np.ndarray]) -> None:
        """Overwrite all values with those of equally shaped arrays."""
        for ours, theirs in zip(self.arrays, arrays, strict=True):
            ours[...] = theirs

    def rows(self, rows: slice) -> "Batch":
        """Return a view of some environments."""
        return Batch(self.space, [array[rows] for array in self.arrays])

    def check(self, value: object, owner: str) -> None:
        """Check the shapes of one environment's value, since NumPy would broadcast a wrong one silently.

        Raises:
            ValueError: a part is missing, or its shape differs from the space.
        """
        for path, array in zip(self._paths, self.arrays, strict=True):
            name = "".join(f"[{key!r}]" for key in path)
            try:
                found = np.shape(_part(value, path))
            except (KeyError, IndexError, TypeError) as error:
                raise ValueError(f"{owner} returned an observation without {name}: {self.space}") from error
            if found != array.shape[1:]:
                said = f"its observation_space{name} says {array.shape[1:]}"
                raise ValueError(f"{owner} returned an observation{name} of shape {found}, but {said}")


def _part(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _assemble(space: Space, next_array: Callable[[], np.ndarray]) -> object:
    if isinstance(space, spaces.Dict):
        return {key: _assemble(part, next_array) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(_assemble(part, next_array) for part in space.spaces)
    return next_array()
