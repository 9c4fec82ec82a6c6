"""Learning curves of several runs: mean and interval over the seeds of an experiment."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.plotting.canvas import COLOURS, TIMESTEPS, new_figure, save, style
from rl_pipeline.plotting.interval import mean_interval
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
    """Draw one curve per experiment: the mean over its runs with the 95 % confidence interval of that mean.

    Runs with the same environment, algorithm and experiment name are the seeds of one experiment. They are
    interpolated on common timesteps or minutes, which span what all of them have. A single run is its plain curve.

    Args:
        run_folders: The runs.
        out: The picture to write; its suffix is the format.
        key: The column of `progress.csv` to draw.
        x: What to draw it over: `timesteps`, or `minutes` of training on the clock, evaluations included.

    Returns:
        The picture.

    Raises:
        ConfigError: No run has such a column, or a run has no minutes.
        OSError: A run cannot be read or the picture cannot be written.
    """
    groups = _grouped(run_folders, key, x)
    figure = new_figure(9, 5.5)
    axes = figure.subplots()
    for index, (name, curves) in enumerate(groups.items()):
        _draw_group(
            axes, _legend_entry(name, list(groups), len(curves)), curves, COLOURS[index % len(COLOURS)]
        )
    axes.set_xlim(left=0)
    style(axes, _title(list(groups)), LABELS.get(key, key), X_LABELS[x])
    axes.legend(frameon=False, fontsize=9, loc="best")
    save(figure, out)
    return out


def _grouped(run_folders: Sequence[Path], key: str, x: Axis) -> dict[RunName, list[Curve]]:
    groups: dict[RunName, list[Curve]] = {}
    columns: set[str] = set()
    for folder in run_folders:
        series = read_curves(folder)
        columns.update(series)
        if key in series:
            groups.setdefault(run_name(folder), []).append(_curve(folder, series, key, x))
        else:
            warnings.warn(f"{folder} has no {key!r} yet and is left out of the plot.", stacklevel=3)
    if not groups:
        raise ConfigError(
            [
                Problem(
                    key="--key",
                    message="no run has this column",
                    value=key,
                    valid=sorted(columns),
                    nearest=nearest(key, columns),
                    remedy="choose one of the columns, or wait until the runs have recorded it",
                )
            ]
        )
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
                message=f"{folder} has no column {MINUTES}: it was trained, at least at first, by a version of "
                "rl-pipeline that did not record the minutes",
                value=x,
                valid=["timesteps"],
                remedy="draw the curves over timesteps, or leave this run out",
            )
        ]
    )


def _draw_group(axes: "Axes", label: str, curves: Sequence[Curve], colour: str) -> None:
    x, values = _on_common_x(curves)
    mean, half_width = mean_interval(values)
    axes.plot(x, mean, color=colour, linewidth=1.8, label=label)
    if len(curves) > 1:
        axes.fill_between(x, mean - half_width, mean + half_width, color=colour, alpha=0.18, linewidth=0)


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
    """Say what all experiments share."""
    return "  ·  ".join(parts[0] for parts in zip(*names, strict=True) if len(set(parts)) == 1)


def _legend_entry(name: RunName, names: Sequence[RunName], seeds: int) -> str:
    """Say what tells an experiment from the others."""
    parts = [
        part
        for part, all_parts in zip(name, zip(*names, strict=True), strict=True)
        if len(set(all_parts)) > 1
    ]
    entry = "  ·  ".join(parts) or name.experiment
    return entry if seeds == 1 else f"{entry}  (mean of {seeds} seeds, 95 % interval)"
