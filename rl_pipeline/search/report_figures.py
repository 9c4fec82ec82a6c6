"""The pictures of a report: history, importance, parallel coordinates, slices and the Pareto front."""

import itertools
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from rl_pipeline.plotting.canvas import COLOURS, GREY, new_figure, style, thousands
from rl_pipeline.search.report_data import Objective, Results, Row, importances, short_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

WIDTH = 6.8
_WIDE = 10.0
_MAX_LABEL = 18


def history(results: Results, objective: int) -> "Figure":
    """Draw the value of each trial, with its interval over seeds, and the best so far."""
    figure = new_figure(WIDTH, 4.2)
    axes = figure.subplots()
    finished = results.finished
    numbers = np.array([row.number for row in finished])
    values = _values(finished, objective)
    errors = np.array([row.half_widths[objective] or 0.0 for row in finished])
    axes.errorbar(
        numbers, values, errors, fmt="o", color=COLOURS[0], ecolor="#BBBBBB", markersize=5, label="finished"
    )
    pruned = [row for row in results.rows if row.state == "pruned" and len(row.values) > objective]
    if pruned:
        where = [row.number for row in pruned]
        axes.plot(where, _values(pruned, objective), "x", color=COLOURS[1], label="pruned (last value)")
    accumulate = np.maximum if results.objectives[objective].maximize else np.minimum
    axes.step(numbers, accumulate.accumulate(values), where="post", color=COLOURS[2], label="best so far")
    for index, row in enumerate(row for row in results.rows if row.state == "failed"):
        label = "failed" if index == 0 else None
        axes.axvline(row.number, color=COLOURS[3], linewidth=0.8, linestyle=":", label=label)
    shown = np.concatenate([values, _values(pruned, objective)])
    margin = 0.15 * (shown.max() - shown.min()) or 1.0
    # The interval of two seeds is so wide that it would hide the changes of the values; it is cut off.
    axes.set_ylim(shown.min() - margin, shown.max() + margin)
    style(axes, "History", _shortened(results.objectives[objective].name, 36), "trial")
    _integers(axes)
    axes.legend(frameon=False, fontsize=9)
    return figure


def importance(results: Results, objective: int) -> "Figure | str":
    """Draw the importance of each parameter, or return why it is unknown."""
    found = importances(results, objective)
    if isinstance(found, str):
        return found
    if not found:
        return "needs a parameter with more than one value"
    names = short_names(list(results.space))
    ordered = sorted(found.items(), key=lambda item: item[1])
    figure = new_figure(WIDTH, 1.4 + 0.35 * len(ordered))
    axes = figure.subplots()
    bars = axes.barh([_shortened(names[key], 40) for key, _ in ordered], [value for _, value in ordered])
    axes.bar_label(bars, fmt="%.2f", padding=4, color=GREY, fontsize=9)
    for bar in bars:
        bar.set_color(COLOURS[0])
    style(axes, f"Importance for {results.objectives[objective].name}", "", "share (PED-ANOVA)")
    axes.set_yticks(range(len(ordered)), [_shortened(names[key], 40) for key, _ in ordered])
    axes.set_xlim(0, 1.08 * max(1e-9, *(value for _, value in ordered)))
    axes.grid(visible=False, axis="y")
    return figure


def parallel_coordinates(results: Results, objective: int) -> "Figure":
    """Draw each finished trial as a line through its parameters to its value; the better, the darker."""
    keys = list(results.space)
    names = short_names(keys)
    scales = [_Scale(results.space[key]) for key in keys]
    values = _values(results.finished, objective)
    low, high = values.min(), values.max()
    if low == high:
        low, high = low - 0.5, high + 0.5
    figure = new_figure(max(_WIDE, 1.25 * (len(keys) + 1)), 4.6)
    axes = figure.subplots()
    colours = _colour_map(results.objectives[objective])
    # The best lines are drawn last, above the others.
    order = np.argsort(values if results.objectives[objective].maximize else -values)
    for index in order:
        row = results.finished[index]
        points = [
            scale.position(row.stored[key]) if key in row.stored else np.nan
            for key, scale in zip(keys, scales, strict=True)
        ]
        share = (values[index] - low) / (high - low)
        axes.plot(range(len(keys) + 1), [*points, share], color=colours(share), linewidth=1.3, alpha=0.85)
    for place, scale in enumerate(scales):
        _vertical_axis(axes, place, scale.ticks())
    ends = [(share, thousands(float(low + share * (high - low)))) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    _vertical_axis(axes, len(keys), ends)
    labels = [_shortened(names[key]) for key in keys] + [_shortened(results.objectives[objective].name)]
    axes.set_xticks(range(len(keys) + 1), labels, rotation=20, ha="right", fontsize=9)
    axes.set_title("Parallel coordinates", loc="left", fontsize=11, fontweight="bold")
    axes.set_yticks([])
    axes.set_xlim(-0.3, len(keys) + 0.6)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def slices(results: Results, objective: int) -> "Figure":
    """Draw the value over each parameter; later trials are darker."""
    keys = list(results.space)
    names = short_names(keys)
    n_columns = min(2, len(keys))
    n_lines = -(-len(keys) // n_columns)
    figure = new_figure(WIDTH, 2.9 * n_lines + 0.3)
    all_axes = np.atleast_1d(figure.subplots(n_lines, n_columns, sharey=True, squeeze=False)).ravel()
    numbers = np.array([row.number for row in results.finished])
    for index, (key, axes) in enumerate(zip(keys, all_axes, strict=False)):
        rows = [row for row in results.finished if key in row.stored]
        scale = _Scale(results.space[key])
        x = np.array([scale.position(row.stored[key]) for row in rows])
        shade = [row.number for row in rows]
        axes.scatter(
            x, _values(rows, objective), c=shade, cmap="viridis_r", s=22, vmin=0, vmax=max(1, numbers.max())
        )
        label = _shortened(results.objectives[objective].name, 24) if index % n_columns == 0 else ""
        style(axes, "", label, _shortened(names[key], 34))
        ticks = scale.ticks()
        if len(ticks) > 4:
            ticks = ticks[:: -(-len(ticks) // 4)]
        texts = [_shortened(text, 10) for _, text in ticks]
        axes.set_xticks([position for position, _ in ticks], texts, fontsize=8)
        axes.set_xlim(-0.08, 1.08)
    for axes in all_axes[len(keys) :]:
        axes.set_visible(False)
    figure.suptitle("Slices", x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def pareto_front(results: Results) -> "Figure":
    """Draw each pair of objectives with the trials of the Pareto front marked."""
    pairs = list(itertools.combinations(range(len(results.objectives)), 2))
    n_columns = min(2, len(pairs))
    n_lines = -(-len(pairs) // n_columns)
    figure = new_figure(WIDTH, (4.6 if len(pairs) == 1 else 3.8) * n_lines)
    all_axes = np.atleast_1d(figure.subplots(n_lines, n_columns, squeeze=False)).ravel()
    front = [row for row in results.finished if row.number in results.best]
    others = [row for row in results.finished if row.number not in results.best]
    for (first, second), axes in zip(pairs, all_axes, strict=False):
        axes.scatter(
            _values(others, first), _values(others, second), color="#BBBBBB", s=24, label="dominated"
        )
        x, y = _values(front, first), _values(front, second)
        axes.scatter(x, y, color=COLOURS[1], s=36, label="Pareto front", zorder=3)
        for row in front:
            at = (row.values[first], row.values[second])
            axes.annotate(str(row.number), at, (5, 4), textcoords="offset points", fontsize=8, color=GREY)
        style(axes, "", _directed(results.objectives[second]), _directed(results.objectives[first]))
    for axes in all_axes[len(pairs) :]:
        axes.set_visible(False)
    all_axes[0].legend(frameon=False, fontsize=9)
    figure.suptitle("Pareto front", x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


class _Scale:
    """Places the values of a dimension between 0 and 1."""

    def __init__(self, distribution: BaseDistribution) -> None:
        self._distribution = distribution

    def position(self, value: Any) -> float:
        """Return the position of a value."""
        one = self._distribution
        if isinstance(one, CategoricalDistribution):
            n = len(one.choices)
            return 0.5 if n == 1 else float(one.to_internal_repr(value)) / (n - 1)
        assert isinstance(one, FloatDistribution | IntDistribution)
        low, high, at = float(one.low), float(one.high), float(value)
        if low == high:
            return 0.5
        if one.log:
            low, high, at = np.log([low, high, at])
        return (at - low) / (high - low)

    def ticks(self) -> list[tuple[float, str]]:
        """Return positions and their labels."""
        one = self._distribution
        if isinstance(one, CategoricalDistribution):
            texts = [choice if isinstance(choice, str) else json.dumps(choice) for choice in one.choices]
            return [(self.position(choice), text) for choice, text in zip(one.choices, texts, strict=True)]
        assert isinstance(one, FloatDistribution | IntDistribution)
        if one.low == one.high:
            return [(0.5, thousands(one.low))]
        spaced = np.geomspace if one.log else np.linspace
        values = [float(value) for value in spaced(one.low, one.high, 4)]
        if isinstance(one, IntDistribution):
            values = sorted({float(round(value)) for value in values})
        return [
            (self.position(value), f"{value:.3g}" if value < 1e3 else thousands(value)) for value in values
        ]


def _vertical_axis(axes: "Axes", place: float, ticks: Sequence[tuple[float, str]]) -> None:
    axes.plot([place, place], [0, 1], color="#999999", linewidth=1.0, zorder=0.5)
    box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.5}
    for position, text in ticks:
        axes.text(
            place + 0.03, position, _shortened(text, 14), fontsize=8, color="#333333", va="center", bbox=box
        )


def _colour_map(objective: Objective) -> "Colormap":
    import matplotlib

    return matplotlib.colormaps["viridis_r" if objective.maximize else "viridis"]


def _integers(axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))


def _values(rows: Sequence[Row], objective: int) -> NDArray[np.float64]:
    return np.array([row.values[objective] for row in rows], dtype=np.float64)


def _directed(objective: Objective) -> str:
    return f"{objective.name} ({'higher' if objective.maximize else 'lower'} is better)"


def _shortened(text: str, length: int = _MAX_LABEL) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
