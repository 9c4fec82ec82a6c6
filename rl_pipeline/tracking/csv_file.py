"""Reading of a run's CSV files, even if the run is still active or was killed while it wrote."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TIMESTEP = "timestep"
"""Name of the first column."""

MINUTES = "time/minutes"
"""Name of the column with the minutes of training, including evaluations, at the time of a row."""


@dataclass(frozen=True)
class Series:
    """The recorded values of one metric."""

    timesteps: NDArray[np.int64]
    """Timesteps of the values, ascending; shape (n,), n at least 1."""
    values: NDArray[np.float64]
    """The values; shape (n,)."""


def read_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Read the header and the complete rows of a CSV file as text.

    An incomplete last line, which a kill during a write leaves behind, is ignored.

    Args:
        path: The CSV file.

    Returns:
        The column names and the rows, each as wide as the header. No columns if the file is empty.

    Raises:
        OSError: The file cannot be read.
    """
    complete, _, _ = path.read_bytes().rpartition(b"\n")
    lines = list(csv.reader(io.StringIO(complete.decode())))
    if not lines:
        return [], []
    header, *rows = lines
    return header, [row + [""] * (len(header) - len(row)) for row in rows if row]


def read_series(path: Path) -> dict[str, Series]:
    """Read the metrics of a run from one of its CSV files.

    Args:
        path: `progress.csv` or `evaluations.csv` of a run; if it is missing, there are no metrics.

    Returns:
        Metric name to its values, at least one; rows in which a metric has no value are left out of its series.

    Raises:
        OSError: The file cannot be read.
        ValueError: The file was not written by `CsvWriter`.
    """
    if not path.exists():
        return {}
    header, rows = read_rows(path)
    if header and header[0] != TIMESTEP:
        raise ValueError(f"{path}: the first column is {header[0]!r}, but must be {TIMESTEP!r}")
    series = {}
    for column, name in enumerate(header[1:], start=1):
        filled = [row for row in rows if row[column]]
        if filled:
            series[name] = Series(
                timesteps=np.array([int(row[0]) for row in filled], dtype=np.int64),
                values=np.array([float(row[column]) for row in filled], dtype=np.float64),
            )
    return series
