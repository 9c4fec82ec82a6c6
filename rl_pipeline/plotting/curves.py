"""The curves of a run, as far as they can be drawn."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.tracking.csv_file import Series, read_series


@dataclass(frozen=True)
class Curve:
    """Values over what they are drawn over."""

    x: NDArray[np.float64]
    """Timesteps or minutes, ascending; shape (n,), n at least 1."""
    values: NDArray[np.float64]
    """The values; shape (n,)."""


def over_timesteps(series: Series) -> Curve:
    """Return a metric over the timesteps at which it was recorded."""
    return Curve(series.timesteps.astype(np.float64), series.values)


def over_minutes(series: Series, minutes: Series) -> Curve:
    """Return a metric over the minutes of training at which it was recorded.

    Args:
        series: The metric.
        minutes: The column `time/minutes` of the same run.
    """
    timesteps, first = np.unique(minutes.timesteps, return_index=True)
    return Curve(np.interp(series.timesteps, timesteps, minutes.values[first]), series.values)


def read_curves(run_folder: Path) -> dict[str, Series]:
    """Read what a run has recorded, without values that no axis can show.

    Args:
        run_folder: The run's folder with `progress.csv`; without it there are no curves.

    Returns:
        Metric name to its finite values, at least one.

    Raises:
        OSError: The file cannot be read.
        ValueError: The file is not a run's.
    """
    curves = {}
    for name, series in read_series(run_folder / "progress.csv").items():
        finite = np.isfinite(series.values)
        if finite.any():
            curves[name] = Series(series.timesteps[finite], series.values[finite])
    return curves
