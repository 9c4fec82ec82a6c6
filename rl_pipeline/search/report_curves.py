"""Learning curves of the trials of a search."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.plotting.canvas import COLOURS, new_figure, style
from rl_pipeline.search.report_data import Results, Row
from rl_pipeline.tracking.csv_file import Series, read_series

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METRIC = "eval/mean_reward"
N_COLOURED = 5
_POINTS = 200

_Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


def learning_curves(results: Results, folder: Path) -> "Figure | str":
    """Draw the evaluation return of each trial, the mean over its seeds, or return why there is none.

    Args:
        results: The study.
        folder: The folder of the sweep.
    """
    curves = {
        row.number: curve for row in results.rows if (curve := _mean_over_seeds(row, folder)) is not None
    }
    if not curves:
        return "no run has been evaluated yet"
    return _draw(results, curves, "Learning curves", "evaluation return", "timesteps")


def reported_values(results: Results) -> "Figure | str":
    """Draw the values that the pruner saw, or return why there are none."""
    curves = {}
    for row in results.rows:
        if row.reported:
            steps, values = zip(*sorted(row.reported.items()), strict=True)
            curves[row.number] = (np.array(steps, dtype=np.float64), np.array(values, dtype=np.float64))
    if not curves:
        return "no trial has reported values to a pruner"
    return _draw(results, curves, "Values that were reported to the pruner", "value", "step")


def _draw(results: Results, curves: Mapping[int, _Curve], title: str, ylabel: str, xlabel: str) -> "Figure":
    figure = new_figure(6.8, 4.2)
    axes = figure.subplots()
    coloured = [number for number in _by_rank(results) if number in curves][:N_COLOURED]
    for number, (x, y) in curves.items():
        if number not in coloured:
            is_pruned = results.rows[number].state == "pruned"
            axes.plot(
                x, y, color="#BBBBBB", linewidth=0.9, linestyle=":" if is_pruned else "-", marker=_dot(x)
            )
    for rank, number in enumerate(coloured):
        x, y = curves[number]
        axes.plot(x, y, color=COLOURS[rank], linewidth=1.7, marker=_dot(x), label=f"trial {number}", zorder=5)
    style(axes, title, ylabel, xlabel)
    if coloured:
        axes.legend(frameon=False, fontsize=9, title="best trials")
    return figure


def _dot(x: NDArray[np.float64]) -> str:
    """Return the marker of a curve: a single point would not be visible as a line."""
    return "o" if len(x) == 1 else ""


def _by_rank(results: Results) -> list[int]:
    """Return the numbers of finished trials, the best first; several objectives are sorted by the first."""
    sign = -1 if results.objectives[0].maximize else 1
    ordered = sorted(results.finished, key=lambda row: (row.number not in results.best, sign * row.values[0]))
    return [row.number for row in ordered]


def _mean_over_seeds(row: Row, folder: Path) -> _Curve | None:
    """Return the mean over the runs of a trial on the timesteps that all of them have."""
    found = [series for run in row.runs if (series := _evaluations(folder / run)) is not None]
    if not found:
        return None
    start = max(series.timesteps[0] for series in found)
    end = min(series.timesteps[-1] for series in found)
    if len(found) == 1 or start >= end:
        return found[0].timesteps.astype(np.float64), found[0].values
    grid = np.linspace(start, end, _POINTS)
    return grid, _mean([np.interp(grid, series.timesteps, series.values) for series in found])


def _mean(values: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.mean(np.stack(values), axis=0)


def _evaluations(run: Path) -> Series | None:
    series = read_series(run / "evaluations.csv").get(METRIC)
    if series is None:
        return None
    finite = np.isfinite(series.values)
    return Series(series.timesteps[finite], series.values[finite]) if finite.any() else None
