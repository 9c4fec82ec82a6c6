"""Running mean and variance of a stream of batches."""

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.plain_data import StateDict


class RunningStatistics:
    """Mean and variance per element over all rows seen so far, in float64.

    Batches are merged with the parallel algorithm of Chan, Golub and LeVeque, "Updating Formulae and a
    Pairwise Algorithm for Computing Sample Variances", Stanford STAN-CS-79-773 (1979).

    Args:
        shape: Shape of one row.
        initial_count: Weight of the initial mean 0 and variance 1, which prevents a first variance of
            0.

    Attributes:
        mean: Mean, float64, of the given shape.
        var: Population variance, float64, of the given shape.
        count: Number of rows seen, including `initial_count`.
        common: State that is shared with other processes, which have their own batches; None for a single process.
        unshared: All batches since then.
    """

    def __init__(self, shape: tuple[int, ...] = (), initial_count: float = 1e-4) -> None:
        self.mean: NDArray[np.float64] = np.zeros(shape)
        self.var: NDArray[np.float64] = np.ones(shape)
        self.count = initial_count
        self.common: StateDict | None = None
        self.unshared: RunningStatistics | None = None

    def update(self, batch: np.ndarray) -> None:
        """Merge a batch of shape (n_rows, *shape) into the statistics."""
        rows = np.mean(batch, axis=0), np.var(batch, axis=0), len(batch)
        self.merge(*rows)
        if self.unshared is not None:
            self.unshared.merge(*rows)

    def merge(self, mean: np.ndarray, var: np.ndarray, count: float) -> None:
        """Merge the mean and population variance of `count` further rows into the statistics."""
        total = self.count + count
        delta = mean - self.mean
        sum_of_squares = self.var * self.count + var * count + np.square(delta) * self.count * count / total
        self.mean = self.mean + delta * count / total
        self.var = sum_of_squares / total
        self.count = total

    def share(self) -> None:
        """Mark the present state as shared by all processes, and also record the following batches separately."""
        self.common, self.unshared = self.state_dict(), RunningStatistics(self.mean.shape, initial_count=0.0)

    def state_dict(self) -> StateDict:
        """Return `mean`, `var` and `count`."""
        return {"mean": np.array(self.mean), "var": np.array(self.var), "count": float(self.count)}

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`.

        Raises:
            ValueError: The state belongs to rows of another shape.
        """
        mean = np.array(state["mean"], dtype=np.float64)
        if mean.shape != self.mean.shape:
            raise ValueError(
                f"running statistics of shape {mean.shape} do not fit rows of shape {self.mean.shape}"
            )
        self.mean = mean
        self.var = np.array(state["var"], dtype=np.float64)
        self.count = float(state["count"])
        if self.unshared is not None:
            self.share()
