"""Learning curves of several runs, with the seeds of an experiment as one curve with a band."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.plotting.band import band_of
from rl_pipeline.plotting.canvas import COLOURS, TIMESTEPS, new_figure, save, style
from rl_pipeline.plotting.column import find_column
from rl_pipeline.plotting.run_data import Curve, RunName, over_minutes, over_timesteps, read_curves, run_name
from rl_pipeline.tracking.csv_file import MINUTES, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Axis = Literal["timesteps", "minutes"]
X_LABELS: dict[Axis, str] = {"timesteps": TIMESTEPS, "minutes": "minutes of training"}
GRID_POINTS = 200
LABELS = {
    "eval/mean_reward": "evaluation return",
    "eval/success_rate": "success rate in evaluation",
    "eval/mean_ep_length": "episode length in evaluation (steps)",
    "rollout/ep_rew_mean": "training return",
    "rollout/ep_len_mean": "training episode length (steps)",
    "rollout/success_rate": "success rate in training",
    "time/fps": "timesteps per second",
}


def plot_runs(
    run_folders: Sequence[Path], out: Path, key: str = "eval/mean_reward", x: Axis = "timesteps"
) -> Path:
    """Draw one curve per experiment, with a band over its seeds from `band_of`.

    Runs with the same environment, algorithm and experiment name are the seeds of one experiment. They are
    interpolated on common timesteps or minutes, in the range that all of them cover. A single run is a plain curve.

    Args:
        run_folders: The runs; duplicates are ignored.
        out: The picture to write; its suffix is the format.
        key: The column of `progress.csv` to draw, or a part of its name, as for `find_column`.
        x: Horizontal axis: `timesteps`, or `minutes` of training on the clock, including evaluations.

    Returns:
        The picture.

    Raises:
        ConfigError: No run has the column, several columns match, or a run has no minutes.
        OSError: A run cannot be read or the picture cannot be written.
    """
    recorded = {folder: read_curves(folder) for folder in run_folders}
    column = find_column(key, {name for series in recorded.values() for name in series})
    groups = _grouped(recorded, column, x)
    figure = new_figure(9, 5.5)
    axes = figure.subplots()
    for index, (name, curves) in enumerate(groups.items()):
        _draw_group(axes, _legend_entry(name, list(groups)), curves, COLOURS[index % len(COLOURS)])
    axes.set_xlim(left=0)
    style(axes, _title(list(groups)), LABELS.get(column, column), X_LABELS[x])
    axes.legend(frameon=False, fontsize=9, loc="best")
    save(figure, out)
    return out


def _grouped(
    recorded: Mapping[Path, Mapping[str, Series]], column: str, x: Axis
) -> dict[RunName, list[Curve]]:
    groups: dict[RunName, list[Curve]] = {}
    for folder, series in recorded.items():
        if column in series:
            groups.setdefault(run_name(folder), []).append(_curve(folder, series, column, x))
        else:
            warnings.warn(f"{folder} has no {column!r} yet and is left out of the plot.", stacklevel=3)
    return groups


def _curve(folder: Path, series: Mapping[str, Series], key: str, x: Axis) -> Curve:
    if x == "timesteps":
        return over_timesteps(series[key])
    if MINUTES in series:
        return over_minutes(series[key], series[MINUTES])
    raise ConfigError(
        [
            Problem(
                key="--x",
                message=f"{folder} has no column {MINUTES}: a version of rl-pipeline that did not record the minutes "
                "trained it, at least at first",
                value=x,
                valid=["timesteps"],
                remedy="draw the curves over timesteps, or leave this run out",
            )
        ]
    )


def _draw_group(axes: "Axes", entry: str, curves: Sequence[Curve], colour: str) -> None:
    x, values = _on_common_x(curves)
    if len(curves) == 1:
        axes.plot(x, values[0], color=colour, linewidth=1.8, label=entry)
        return
    band = band_of(values)
    axes.plot(x, band.middle, color=colour, linewidth=1.8, label=f"{entry}  ({band.meaning})")
    axes.fill_between(x, band.low, band.high, color=colour, alpha=0.18, linewidth=0)


def _on_common_x(curves: Sequence[Curve]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return an axis of shape (points,) that all curves span, and the curves over it, of shape (n, points)."""
    first = curves[0].x
    if all(np.array_equal(curve.x, first) for curve in curves):
        return first, np.array([curve.values for curve in curves])
    start = max(curve.x[0] for curve in curves)
    end = min(curve.x[-1] for curve in curves)
    x = np.linspace(start, max(start, end), GRID_POINTS)
    return x, np.array([np.interp(x, curve.x, curve.values) for curve in curves])


def _title(names: Sequence[RunName]) -> str:
    """Return the parts of the names that all experiments share."""
    return "  ·  ".join(parts[0] for parts in zip(*names, strict=True) if len(set(parts)) == 1)


def _legend_entry(name: RunName, names: Sequence[RunName]) -> str:
    """Return the parts of an experiment's name that differ from the others."""
    parts = [
        part
        for part, all_parts in zip(name, zip(*names, strict=True), strict=True)
        if len(set(all_parts)) > 1
    ]
    return "  ·  ".join(parts) or name.experiment
