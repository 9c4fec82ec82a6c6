"""Sums of the metrics that environments report in their infos, for all environments and metrics at once."""

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.plain_data import StateDict
from rl_pipeline.wrappers.base import Infos

RESERVED = ("final_obs", "final_info", "episode")
"""Entries of infos that are not metrics."""


class MetricTable:
    """First, last and mean value of each metric since it was cleared; NaN if there was none.

    All metrics are stored as rows of shared arrays, so that a step takes a few array operations for any number of
    metrics.

    Args:
        num_envs: Number of environments, the columns.

    Attributes:
        keys: Names of the metrics so far, in the order of the rows.
    """

    def __init__(self, num_envs: int) -> None:
        self.num_envs = num_envs
        self.keys: list[str] = []
        self._rows: dict[str, int] = {}
        self._sums, self._counts, self._first, self._last = np.zeros((4, 0, num_envs))

    def add(self, infos: Infos) -> None:
        """Add the numeric arrays of shape (num_envs,) in infos that have a mask `_<key>` beside them."""
        keys = [key for key in infos if self._is_metric(key, infos)]
        if not keys:
            return
        for key in keys:
            if key not in self._rows:
                self._append_row(key)
        masks = np.array([infos[f"_{key}"] for key in keys], dtype=bool)
        values = np.array([infos[key] for key in keys], dtype=np.float64)
        rows = [self._rows[key] for key in keys]
        self._first[rows] = np.where(masks & (self._counts[rows] == 0), values, self._first[rows])
        self._last[rows] = np.where(masks, values, self._last[rows])
        self._sums[rows] += np.where(masks, values, 0.0)
        self._counts[rows] += masks

    def clear(self, mask: NDArray[np.bool_]) -> None:
        """Clear the values of the masked environments."""
        self._sums[:, mask] = 0.0
        self._counts[:, mask] = 0.0
        self._first[:, mask] = np.nan
        self._last[:, mask] = np.nan

    def mean(self, key: str) -> NDArray[np.float64]:
        """Return a metric's mean, shape (num_envs,)."""
        counts = self._counts[self._rows[key]]
        return np.divide(
            self._sums[self._rows[key]], counts, out=np.full(self.num_envs, np.nan), where=counts > 0
        )

    def first(self, key: str) -> NDArray[np.float64]:
        """Return a metric's first value, shape (num_envs,)."""
        return self._first[self._rows[key]].copy()

    def last(self, key: str) -> NDArray[np.float64]:
        """Return a metric's last value, shape (num_envs,)."""
        return self._last[self._rows[key]].copy()

    def state_dict(self) -> StateDict:
        """Return the metrics' names and their values, float64, shape (4, n_metrics, num_envs)."""
        return {
            "keys": list(self.keys),
            "values": np.stack([self._sums, self._counts, self._first, self._last]),
        }

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`."""
        self.keys = list(state["keys"])
        self._rows = {key: row for row, key in enumerate(self.keys)}
        self._sums, self._counts, self._first, self._last = np.array(state["values"], dtype=np.float64)

    def _is_metric(self, key: str, infos: Infos) -> bool:
        value = infos[key]
        return (
            f"_{key}" in infos
            and key not in RESERVED
            and isinstance(value, np.ndarray)
            and value.shape == (self.num_envs,)
            and value.dtype.kind in "biuf"
        )

    def _append_row(self, key: str) -> None:
        self._rows[key] = len(self.keys)
        self.keys.append(key)
        zeros, nothing = np.zeros((1, self.num_envs)), np.full((1, self.num_envs), np.nan)
        self._sums = np.concatenate([self._sums, zeros])
        self._counts = np.concatenate([self._counts, zeros])
        self._first = np.concatenate([self._first, nothing])
        self._last = np.concatenate([self._last, nothing])
