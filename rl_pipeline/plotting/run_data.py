"""Data of a run for figures: its name and its curves."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from rl_pipeline.class_path import short_class_path
from rl_pipeline.config.training import algorithm_title
from rl_pipeline.tracking.csv_file import Series, read_series

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""A table of runs reads many files; the parser in C takes a tenth of the time."""


class RunName(NamedTuple):
    """Name of an experiment, which its seeds share."""

    environment: str
    algorithm: str
    experiment: str


def run_name(folder: Path) -> RunName:
    """Read a run's name; see `run_identity`."""
    return run_identity(folder)[0]


def run_identity(folder: Path) -> tuple[RunName, int | None]:
    """Read a run's name and seed from its `config.yaml`.

    Args:
        folder: The run's folder. If its `config.yaml` is missing or damaged, the names of the folder and its
            parents are used, and there is no seed.

    Raises:
        OSError: The file cannot be read.
    """
    path = folder / "config.yaml"
    try:
        config = yaml.load(path.read_text(encoding="utf-8") if path.exists() else "", Loader=LOADER)
        name = RunName(
            environment=short_class_path(str(config["environment"]["id"])),
            algorithm=algorithm_title(str(config["training"]["algorithm"])),
            experiment=str(config["experiment"]["name"]),
        )
        seed = config["experiment"].get("seed", 0)
    except (yaml.YAMLError, UnicodeDecodeError, LookupError, TypeError, AttributeError):
        folder = folder.absolute()
        return RunName(folder.parent.parent.name, folder.parent.name, folder.name), None
    return name, seed if isinstance(seed, int) else None


@dataclass(frozen=True)
class Curve:
    """Values of a curve with their horizontal axis."""

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
    """Read the records of a run, without values that are not finite.

    Args:
        run_folder: The run's folder with `progress.csv`; without this file, there are no curves.

    Returns:
        Metric name to its finite values, at least one.

    Raises:
        OSError: The file cannot be read.
        ValueError: The file does not belong to a run.
    """
    curves = {}
    for name, series in read_series(run_folder / "progress.csv").items():
        finite = np.isfinite(series.values)
        if finite.any():
            curves[name] = Series(series.timesteps[finite], series.values[finite])
    return curves
