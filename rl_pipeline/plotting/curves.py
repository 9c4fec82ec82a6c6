"""The curves of a run, as far as they can be drawn."""

from pathlib import Path

import numpy as np

from rl_pipeline.tracking.csv_file import Series, read_series


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
