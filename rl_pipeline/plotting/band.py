"""Middle and band of a group of seeds at each point; the band never leaves the data."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MANY_SEEDS = 10
"""Smallest number of seeds for a bootstrap interval of their mean."""

RESAMPLES = 1000
CONFIDENCE = 0.95
TRIMMED = 0.25
"""Fraction of the seeds that the interquartile mean leaves out at each end."""


@dataclass(frozen=True)
class Band:
    """A curve and its band, each of shape (points,)."""

    middle: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    meaning: str
    """Meaning of the curve and the band, for the legend."""


def band_of(values: NDArray[np.float64]) -> Band:
    """Summarise seeds.

    A few seeds are shown by their mean and their range, since an interval that is estimated from them is unreliable.
    Many seeds are shown by their interquartile mean and its 95 % interval from a stratified bootstrap, in which each
    experiment is a separate stratum (Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical
    Precipice", 2021).

    Args:
        values: One row per seed; shape (n, points), n at least 1.
    """
    n = len(values)
    if n < MANY_SEEDS:
        meaning = f"mean and range of {n} seeds"
        return Band(values.mean(axis=0), values.min(axis=0), values.max(axis=0), meaning)
    generator = np.random.default_rng(0)
    resampled = np.array(
        [interquartile_mean(values[generator.integers(n, size=n)]) for _ in range(RESAMPLES)]
    )
    low, high = np.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    meaning = f"interquartile mean of {n} seeds, {CONFIDENCE:.0%} interval"
    return Band(interquartile_mean(values), low, high, meaning)


def interquartile_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the middle half of the seeds at each point.

    Args:
        values: One row per seed; shape (n, points).

    Returns:
        Shape (points,). A quarter of the seeds, rounded down, is left out at each end.
    """
    n_trimmed = int(TRIMMED * len(values))
    return np.sort(values, axis=0)[n_trimmed : len(values) - n_trimmed].mean(axis=0)
