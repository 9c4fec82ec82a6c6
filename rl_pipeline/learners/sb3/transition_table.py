"""Transitions of many environments as rows, so that a minibatch is read from few memory locations."""

from collections.abc import Mapping
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Part(NamedTuple):
    """One value of a transition: its shape and its dtype."""

    shape: tuple[int, ...]
    dtype: DTypeLike


class TransitionTable:
    """Stores all values of a transition with the same dtype side by side in one row.

    Args:
        capacity: Steps of each environment.
        n_envs: Number of environments; the row of step `t` of environment `i` is `t * n_envs + i`.
        parts: The values of a transition, by name.
    """

    def __init__(self, capacity: int, n_envs: int, parts: Mapping[str, Part]) -> None:
        self._size = capacity, n_envs
        self._parts = parts
        self._columns: dict[str, tuple[np.dtype, slice]] = {}
        widths: dict[np.dtype, int] = {}
        for name, part in parts.items():
            dtype = np.dtype(part.dtype)
            start = widths.get(dtype, 0)
            widths[dtype] = start + prod(part.shape)
            self._columns[name] = dtype, slice(start, widths[dtype])
        self._blocks = {dtype: np.zeros((capacity * n_envs, width), dtype) for dtype, width in widths.items()}

    def view(self, name: str) -> NDArray:
        """Return a value of all transitions, (capacity, n_envs, ...), as a writable array."""
        dtype, columns = self._columns[name]
        rows = self._blocks[dtype].reshape(*self._size, -1)
        return rows[:, :, columns].reshape(*self._size, *self._parts[name].shape)

    def read(self, rows: NDArray[np.integer]) -> dict[str, NDArray]:
        """Return copies of all values of some transitions, (n, ...) each."""
        found = {dtype: block.take(rows, axis=0) for dtype, block in self._blocks.items()}
        return {
            name: found[dtype][:, columns].reshape(len(rows), *self._parts[name].shape)
            for name, (dtype, columns) in self._columns.items()
        }

    def read_one(self, name: str, rows: NDArray[np.integer]) -> NDArray:
        """Return a copy of one value of some transitions, (n, ...)."""
        dtype, columns = self._columns[name]
        return self._blocks[dtype][rows, columns].reshape(len(rows), *self._parts[name].shape)
