"""Numbers from the info dicts of environments, as a table with one row per name."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np

CAPACITY = 64
"""Maximum number of metrics in a table."""

NUMBERS = frozenset(
    {bool, int, float, np.bool_}
    | {np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64}
    | {np.float16, np.float32, np.float64}
)


class StepMetrics:
    """Collects the numbers of one step of several environments.

    Args:
        values: (CAPACITY, n) float64, one row per metric.
        mask: (CAPACITY, n) bool, true if an environment reported the metric in this step.
    """

    def __init__(self, values: np.ndarray, mask: np.ndarray) -> None:
        self.values = values
        self.mask = mask
        self.keys: list[str] = []
        self._slots: dict[str, int | None] = {}

    def clear(self) -> None:
        """Clear the numbers of the previous step, but not the names."""
        self.mask[: len(self.keys)] = False

    def record(self, index: int, info: Mapping[str, object]) -> None:
        """Read the numbers from the info of one environment; other values are ignored."""
        for key, value in info.items():
            if type(value) not in NUMBERS and not _is_number_array(value):
                continue
            slot = self._slots[key] if key in self._slots else self.slot(key)
            if slot is not None:
                self.values[slot, index] = value
                self.mask[slot, index] = True

    def slot(self, key: str) -> int | None:
        """Return the row of a metric; None if the table is full."""
        if key not in self._slots:
            fits = len(self.keys) < CAPACITY
            self._slots[key] = len(self.keys) if fits else None
            if fits:
                self.keys.append(key)
            else:
                warnings.warn(
                    f"metric '{key}' is dropped: at most {CAPACITY} metrics are supported", stacklevel=2
                )
        return self._slots[key]


def _is_number_array(value: object) -> bool:
    return type(value) is np.ndarray and value.ndim == 0 and value.dtype.kind in "biuf"


def metric_infos(
    values: np.ndarray, mask: np.ndarray, parts: Sequence[tuple[slice, Sequence[str]]]
) -> dict[str, np.ndarray]:
    """Return the metrics of a step as `infos[key]` (n,) float64 and `infos["_" + key]` (n,) bool.

    Args:
        values: (CAPACITY, n) float64 of all environments.
        mask: (CAPACITY, n) bool.
        parts: for each group of environments, its columns and the names of its rows, in the order in which the
            group first saw them.
    """
    keys = parts[0][1]
    if any(other != keys for _, other in parts[1:]):
        return _merged(values, mask, parts)
    return _named(keys, values[: len(keys)].copy(), mask[: len(keys)].copy())


def _merged(
    values: np.ndarray, mask: np.ndarray, parts: Sequence[tuple[slice, Sequence[str]]]
) -> dict[str, np.ndarray]:
    keys = list(dict.fromkeys(key for _, group_keys in parts for key in group_keys))
    merged_values = np.zeros((len(keys), values.shape[1]))
    merged_mask = np.zeros(merged_values.shape, dtype=bool)
    for columns, group_keys in parts:
        for slot, key in enumerate(group_keys):
            row = keys.index(key)
            merged_values[row, columns] = values[slot, columns]
            merged_mask[row, columns] = mask[slot, columns]
    return _named(keys, merged_values, merged_mask)


def _named(keys: Sequence[str], values: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
    infos: dict[str, np.ndarray] = {}
    for key, row, given in zip(keys, values, mask, strict=True):
        if given.any():
            infos[key] = row
            infos["_" + key] = given
    return infos
