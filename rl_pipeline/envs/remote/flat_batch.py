"""Batches of a space as two flat arrays: its numbers and its bytes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray


class FlatBatch(NamedTuple):
    """`numbers` float64 (n, k) and `bytes` uint8 (n, m) of n elements of a space."""

    numbers: NDArray[np.float64]
    bytes: NDArray[np.uint8]


class _Part(NamedTuple):
    path: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype
    columns: slice


class FlatLayout:
    """Positions of a space's parts in a flat row: parts of type uint8 among the bytes, the others as float64.

    float64 represents float32 and integers up to 2**53 exactly, so packed values are restored bit-exactly.

    Attributes:
        n_numbers: Numbers in a row.
        n_bytes: Bytes in a row.
    """

    def __init__(self, space: spaces.Space) -> None:
        self.n_numbers = self.n_bytes = 0
        self._parts: list[_Part] = []
        for path, leaf in _leaves(space, ()):
            if leaf.shape is None or leaf.dtype is None:
                raise TypeError(f"a {type(leaf).__name__} space has no shape")
            size = int(np.prod(leaf.shape))
            start = self.n_bytes if leaf.dtype == np.uint8 else self.n_numbers
            self._parts.append(_Part(path, leaf.shape, leaf.dtype, slice(start, start + size)))
            if leaf.dtype == np.uint8:
                self.n_bytes += size
            else:
                self.n_numbers += size

    def zeros(self, n: int) -> FlatBatch:
        """Return n rows of zeros."""
        return FlatBatch(np.zeros((n, self.n_numbers)), np.zeros((n, self.n_bytes), np.uint8))

    def pack(self, batch: object, n: int) -> FlatBatch:
        """Write a batch of n elements into flat rows."""
        if len(self._parts) == 1 and not self.n_bytes:
            numbers = np.ascontiguousarray(_at(batch, self._parts[0].path), np.float64).reshape(n, -1)
            return FlatBatch(numbers, np.empty((n, 0), np.uint8))
        flat = FlatBatch(np.empty((n, self.n_numbers)), np.empty((n, self.n_bytes), np.uint8))
        for part in self._parts:
            rows = flat.bytes if part.dtype == np.uint8 else flat.numbers
            rows[:, part.columns] = np.reshape(_at(batch, part.path), (n, -1))
        return flat

    def unpack(self, flat: FlatBatch) -> Any:
        """Return the batch given to `pack`; its arrays are copies."""
        batch: Any = {}
        for part in self._parts:
            rows = flat.bytes if part.dtype == np.uint8 else flat.numbers
            if not part.path:
                return rows.astype(part.dtype).reshape(len(rows), *part.shape)
            values = rows[:, part.columns].reshape(len(rows), *part.shape).astype(part.dtype)
            below = batch
            for name in part.path[:-1]:
                below = below.setdefault(name, {})
            below[part.path[-1]] = values
        return batch


def _leaves(space: spaces.Space, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], spaces.Space]]:
    if isinstance(space, spaces.Dict):
        for name, part in space.spaces.items():
            yield from _leaves(part, (*path, name))
    else:
        yield path, space


def _at(batch: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        batch = batch[name]
    return batch
