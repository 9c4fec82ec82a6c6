"""`progress.png`: the state of a training in four panels, and one for each metric of its task."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rl_pipeline.plotting.canvas import COLOURS, GREY, new_figure, save, say_empty, style, thousands
from rl_pipeline.plotting.run_data import read_curves, run_name
from rl_pipeline.plotting.stats import best_evaluation
from rl_pipeline.plotting.task_metrics import EVALUATION, TRAINING, TaskMetric, task_metrics
from rl_pipeline.tracking.csv_file import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

VALUE_LOSSES = ("train/value_loss", "train/critic_loss", "train/qf_loss", "train/loss")
POLICY_LOSSES = (
    "train/policy_gradient_loss",
    "train/policy_loss",
    "train/actor_loss",
    "train/policy_objective",
)
"""Names in SB3's algorithms, in the order of preference."""

LOG_SCALE_FROM = 30
"""Losses whose largest value is this many times their smallest are drawn on a logarithmic scale."""

FEW_POINTS = 40
"""Maximum number of points with markers."""

MOST_TASK_METRICS = 6
ROW_HEIGHT = 3.5
"""In inches."""


def plot_progress(run_folder: Path) -> Path:
    """Draw the records of a run so far: returns, evaluations, success or episode length, losses, task metrics.

    Args:
        run_folder: The run's folder with `progress.csv`. Missing metrics leave their panel empty.

    Returns:
        The picture, `progress.png` in that folder.

    Raises:
        OSError: The folder cannot be read or written.
    """
    series = read_curves(run_folder)
    metrics = task_metrics(series)
    shown = metrics[:MOST_TASK_METRICS]
    n_rows = 2 + (len(shown) + 1) // 2
    figure = new_figure(11, ROW_HEIGHT * n_rows)
    returns, evaluations, episodes, losses, *others = figure.subplots(n_rows, 2).flat
    _draw_returns(returns, series)
    _draw_evaluations(evaluations, series)
    if any(name.endswith("/success_rate") for name in series):
        _draw_success(episodes, series)
    else:
        _draw_lengths(episodes, series)
    _draw_losses(losses, series)
    for metric, axes in zip(shown, others, strict=False):
        _draw_task_metric(axes, metric, series)
    for unused in others[len(shown) :]:
        figure.delaxes(unused)
    if len(metrics) > len(shown):
        figure.supxlabel(
            f"{len(metrics) - len(shown)} more task metrics: progress.csv", fontsize=9, color=GREY
        )
    _share_timesteps(figure.axes, series)
    figure.suptitle("  ·  ".join(run_name(run_folder)), fontsize=13)
    path = run_folder / "progress.png"
    save(figure, path)
    return path


def _draw_returns(axes: "Axes", series: Mapping[str, Series]) -> None:
    _draw(axes, series, {"rollout/ep_rew_mean": "training"}, "no episode has ended yet")
    style(axes, "Training", "mean return of the latest episodes")


def _draw_evaluations(axes: "Axes", series: Mapping[str, Series]) -> None:
    names = {"eval/mean_reward": "mean"}
    _draw(axes, series, names, "no evaluation yet", colour=1)
    mean, low, high = (series.get(f"eval/{name}_reward") for name in ("mean", "min", "max"))
    if mean is not None:
        if low is not None and high is not None and np.array_equal(low.timesteps, high.timesteps):
            axes.fill_between(
                low.timesteps,
                low.values,
                high.values,
                color=COLOURS[1],
                alpha=0.18,
                linewidth=0,
                label="range of the episodes",
            )
        _mark_best(axes, mean)
        axes.legend(frameon=False, fontsize=9, loc="best")
    style(axes, "Evaluation", "return per episode")


def _mark_best(axes: "Axes", mean: Series) -> None:
    best = best_evaluation(mean)
    if best is None:
        return
    timestep, value = best
    axes.plot(
        timestep,
        value,
        marker="*",
        markersize=14,
        markeredgecolor="white",
        color=COLOURS[4],
        linestyle="none",
        label=f"best: {thousands(value)} at {timestep:,}",
    )


def _draw_success(axes: "Axes", series: Mapping[str, Series]) -> None:
    _draw(
        axes,
        series,
        {"rollout/success_rate": "training", "eval/success_rate": "evaluation"},
        "no success yet",
    )
    axes.set_ylim(-0.03, 1.03)
    style(axes, "Success", "share of successful episodes")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")


def _draw_lengths(axes: "Axes", series: Mapping[str, Series]) -> None:
    names = {"rollout/ep_len_mean": "training", "eval/mean_ep_length": "evaluation"}
    _draw(axes, series, names, "no episode has ended yet")
    style(axes, "Episode length", "steps per episode")


def _draw_task_metric(axes: "Axes", metric: TaskMetric, series: Mapping[str, Series]) -> None:
    names = {TRAINING + metric.name: "training", EVALUATION + metric.name: "evaluation"}
    _draw(axes, series, names, "", colour=0 if TRAINING + metric.name in series else 1)
    style(axes, metric.title, metric.meaning)


def _draw_losses(axes: "Axes", series: Mapping[str, Series]) -> None:
    """Draw the value loss with the left axis and the policy loss with the right one: their scales differ."""
    value, policy = _first(VALUE_LOSSES, series), _first(POLICY_LOSSES, series)
    if value is None and policy is None:
        say_empty(axes, "no update yet")
        style(axes, "Losses", "")
        return
    left, right = (value, policy) if value else (policy, None)
    assert left is not None
    _draw(axes, series, {left: _loss_name(left)}, "", colour=2)
    values = series[left].values
    if np.all(values > 0) and values.max() > LOG_SCALE_FROM * values.min():
        axes.set_yscale("log")
    style(axes, "Losses", _loss_name(left))
    axes.yaxis.label.set_color(COLOURS[2])
    if right:
        twin = axes.twinx()
        _draw(twin, series, {right: _loss_name(right)}, "", colour=3)
        style(twin, "", _loss_name(right))
        twin.grid(visible=False)
        twin.yaxis.label.set_color(COLOURS[3])


def _draw(
    axes: "Axes", series: Mapping[str, Series], names: Mapping[str, str], empty: str, colour: int = 0
) -> None:
    present = {name: label for name, label in names.items() if name in series}
    if not present:
        say_empty(axes, empty)
    for index, (name, label) in enumerate(present.items(), start=colour):
        curve = series[name]
        marker = "o" if len(curve.values) <= FEW_POINTS else None
        axes.plot(
            curve.timesteps, curve.values, color=COLOURS[index], marker=marker, markersize=4, label=label
        )
    if len(present) > 1:
        axes.legend(frameon=False, fontsize=9, loc="best")


def _share_timesteps(panels: Sequence["Axes"], series: Mapping[str, Series]) -> None:
    """Set the same range of timesteps for all panels."""
    last = max((int(curve.timesteps[-1]) for curve in series.values()), default=0)
    for axes in panels:
        axes.set_xlim(0, max(last * 1.02, 1))


def _first(names: Sequence[str], series: Mapping[str, Series]) -> str | None:
    return next((name for name in names if name in series), None)


def _loss_name(name: str) -> str:
    return name.removeprefix("train/").replace("_", " ")
