"""What pictures show of a run: its name and its curves."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml

from rl_pipeline.config.training import algorithm_title
from rl_pipeline.tracking.csv_file import Series, read_series


class RunName(NamedTuple):
    """What the seeds of one experiment have in common."""

    environment: str
    algorithm: str
    experiment: str


def run_name(folder: Path) -> RunName:
    """Read a run's name from its `config.yaml`.

    Args:
        folder: The run's folder. Without a `config.yaml` the names of the folder and its parents are taken.

    Raises:
        OSError: The file cannot be read.
    """
    path = folder / "config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
    if not isinstance(config, dict):
        folder = folder.absolute()
        return RunName(folder.parent.parent.name, folder.parent.name, folder.name)
    return RunName(
        environment=str(config["environment"]["id"]),
        algorithm=algorithm_title(str(config["training"]["algorithm"])),
        experiment=str(config["experiment"]["name"]),
    )


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
