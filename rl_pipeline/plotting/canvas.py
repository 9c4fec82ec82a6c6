"""Figures in one style; matplotlib is imported for the first figure, and pyplot is never imported."""

from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.atomic import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555")
"""Colours of lines in this order; colour-blind people can distinguish all but the grey (Okabe and Ito, 2008)."""

GREY = "#777777"
TIMESTEPS = "timesteps"
TICKS = 5
PIXELS_PER_INCH = 120


def new_figure(width: float, height: float) -> "Figure":
    """Make an empty figure that renders to a file without a display.

    Args:
        width: Width in inches.
        height: Height in inches.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def style(axes: "Axes", title: str, ylabel: str, xlabel: str = TIMESTEPS) -> None:
    """Style axes with labels, a light grid and readable numbers.

    Args:
        axes: The axes, after everything has been drawn.
        title: Title above the axes.
        ylabel: Description of the values, with their unit if they have one.
        xlabel: Description of the horizontal axis.
    """
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator

    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel(xlabel, color=GREY)
    axes.set_ylabel(ylabel, color=GREY)
    axes.xaxis.set_major_locator(MaxNLocator(TICKS, integer=xlabel == TIMESTEPS))
    axes.xaxis.set_major_formatter(thousands)
    if not axes.has_data():
        axes.yaxis.set_major_locator(NullLocator())
    elif axes.get_yscale() == "log":
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(TICKS + 1))
    axes.yaxis.set_major_formatter(thousands)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(color="#E5E5E5", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=GREY, labelsize=9, which="both", length=0)
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color("#BBBBBB")


def say_empty(axes: "Axes", text: str) -> None:
    """Write in axes why they are empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY)


def thousands(value: float, position: float = 0) -> str:
    """Format a number with separators between thousands, and with decimals only if it is small.

    Args:
        value: The number.
        position: Index of its tick; unused, but matplotlib passes it.
    """
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e9 else f"{value:.4g}"


def save(figure: "Figure", path: Path) -> None:
    """Write a figure to a file atomically.

    Args:
        figure: The figure.
        path: The picture; its suffix is the format, e.g. `.png`, `.svg` or `.pdf`.

    Raises:
        OSError: The file cannot be written.
    """
    with atomic_write(path) as file:
        figure.savefig(file, format=path.suffix[1:] or "png", dpi=PIXELS_PER_INCH)
