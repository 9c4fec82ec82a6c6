"""Joints and ground forces over the gait cycle, as in gait laboratories."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rl_pipeline.atomic import atomic_write
from rl_pipeline.plotting.canvas import COLOURS, GREY, new_figure, save, say_empty, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rl_pipeline.datasets.gait_cycle import Panel

CYCLE = "% of the gait cycle"
MOST_COLUMNS = 6
"""Maximum number of joints in a figure; those that move most are shown."""
PERCENT = np.arange(101.0)


def plot_gait(rows: Sequence[Sequence["Panel"]], title: str, summary: str, path: Path) -> None:
    """Draw mean and standard deviation of the strides, and the reference as a dashed line.

    Args:
        rows: Panels of joints, and below them those of the ground.
        title: Title above the figure.
        summary: Lines of text in the last row.
        path: The picture; its suffix is the format.

    Raises:
        OSError: The file cannot be written.
    """
    shown = [_most_moving(row, rows[0]) for row in rows]
    n_columns = max(3, *map(len, shown))
    figure = new_figure(3.4 * n_columns, 2.3 * len(shown) + 0.6)
    grid = figure.subplots(len(shown), n_columns, squeeze=False)
    for axes_of_row, row in zip(grid, shown, strict=True):
        for axes, panel in zip(axes_of_row, row, strict=False):
            _draw(axes, panel)
        for axes in axes_of_row[len(row) :]:
            axes.set_axis_off()
    if len(shown[-1]) < n_columns:
        corner = grid[-1, -1]
        corner.text(0.0, 1.0, summary, transform=corner.transAxes, va="top", fontsize=9, linespacing=1.5)
    figure.suptitle(title, fontsize=12)
    save(figure, path)


def write_gait(rows: Sequence[Sequence["Panel"]], path: Path) -> None:
    """Write all curves as columns: `percent`, then `<name>.<quantity>.mean`, `.spread` and `.reference`.

    Args:
        rows: All panels.
        path: The CSV file.

    Raises:
        OSError: The file cannot be written.
    """
    columns = {"percent": PERCENT}
    for panel in (panel for row in rows for panel in row):
        for name, curve in panel.curves.items():
            axis = f" {panel.title.partition(', ')[2]}" if panel.quantity == "force" else ""
            start = f"{name}.{panel.quantity}{axis} [{panel.unit}]"
            columns[f"{start}.mean"], columns[f"{start}.spread"] = curve.mean, curve.spread
            if curve.reference is not None:
                columns[f"{start}.reference"] = curve.reference
    with atomic_write(path, mode="w") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([f"{value:.6g}" for value in row] for row in zip(*columns.values(), strict=True))


def _most_moving(row: Sequence["Panel"], angles: Sequence["Panel"]) -> list["Panel"]:
    """Return the panels of a row whose joints move most, in their order."""
    if len(row) <= MOST_COLUMNS:
        return list(row)
    ranges = [
        max(float(np.ptp(curve.reference)) for curve in panel.curves.values() if curve.reference is not None)
        for panel in angles
    ]
    chosen = sorted(np.argsort(ranges)[-MOST_COLUMNS:].tolist())
    return [row[index] for index in chosen]


def _draw(axes: "Axes", panel: "Panel") -> None:
    for number, (name, curve) in enumerate(panel.curves.items()):
        colour = COLOURS[number]
        axes.plot(PERCENT, curve.mean, color=colour, linewidth=1.6, label=name)
        axes.fill_between(
            PERCENT,
            curve.mean - curve.spread,
            curve.mean + curve.spread,
            color=colour,
            alpha=0.2,
            linewidth=0,
        )
        if curve.reference is not None:
            axes.plot(PERCENT, curve.reference, "--", color=colour, linewidth=1.2)
    axes.axhline(0, color=GREY, linewidth=0.6)
    style(axes, f"{panel.title} {panel.quantity}", panel.unit, CYCLE)
    axes.set_xlim(0, 100)
    axes.legend(frameon=False, fontsize=7)
    if all(np.isnan(curve.mean).all() for curve in panel.curves.values()):
        say_empty(axes, "no whole stride")
