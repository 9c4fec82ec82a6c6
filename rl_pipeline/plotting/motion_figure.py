"""A reference motion over time: its joints, its root and its contacts with the ground."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rl_pipeline.plotting.canvas import COLOURS, GREY, new_figure, save, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rl_pipeline.datasets.motions import Motion

SECONDS = "seconds"
MOST_LINES = 8
"""Joints in one panel."""
CONTACT_HEIGHT = 0.6
"""Height of a bar that shows contact; the distance between feet is one."""


def plot_motion(motion: "Motion", path: Path) -> None:
    """Draw joint positions and velocities, the root and the contacts.

    Args:
        motion: The motion.
        path: The picture; its suffix is the format.

    Raises:
        OSError: The file cannot be written.
    """
    names = motion.joint_names
    groups = [names[start : start + MOST_LINES] for start in range(0, len(names), MOST_LINES)]
    figure = new_figure(11, 2.6 * (len(groups) + 1) + 0.6)
    rows = figure.subplots(len(groups) + 1, 2, squeeze=False)
    for (positions, velocities), group in zip(rows, groups, strict=False):
        _draw_joints(positions, motion, group, motion.joint_positions, "Joints", "rad or m")
        _draw_joints(velocities, motion, group, motion.joint_velocities, "Joint velocities", "1/s")
        positions.legend(frameon=False, fontsize=8, ncols=2)
    _draw_root(rows[-1, 0], motion)
    _draw_contacts(rows[-1, 1], motion)
    figure.suptitle(
        "  ·  ".join(part for part in (motion.name, motion.source, motion.licence) if part), fontsize=12
    )
    save(figure, path)


def _draw_joints(
    axes: "Axes", motion: "Motion", group: tuple[str, ...], values: np.ndarray, title: str, unit: str
) -> None:
    times = np.arange(len(motion)) * motion.dt
    for number, name in enumerate(group):
        dashes = "--" if number >= len(COLOURS) else "-"
        axes.plot(
            times, values[:, motion.joint(name)], dashes, color=COLOURS[number % len(COLOURS)], label=name
        )
    style(axes, title, unit, SECONDS)


def _draw_root(axes: "Axes", motion: "Motion") -> None:
    times = np.arange(len(motion)) * motion.dt
    for axis, name in enumerate("xyz"):
        axes.plot(times, motion.root_position[:, axis], color=COLOURS[axis], label=name)
    axes.legend(frameon=False, fontsize=8, ncols=3)
    style(axes, "Root", "m", SECONDS)


def _draw_contacts(axes: "Axes", motion: "Motion") -> None:
    times = np.arange(len(motion)) * motion.dt
    axes.plot(
        times, motion.phase * max(len(motion.contact_names), 1) - 0.5, color=GREY, linewidth=1, label="phase"
    )
    for row, name in enumerate(motion.contact_names):
        touching = motion.contacts[:, row]
        low, high = row - CONTACT_HEIGHT / 2, row + CONTACT_HEIGHT / 2
        axes.fill_between(
            times, low, high, where=touching, color=COLOURS[row % len(COLOURS)], linewidth=0, label=name
        )
    axes.legend(frameon=False, fontsize=8, ncols=3)
    style(axes, "Contacts and phase", "", SECONDS)
    axes.set_yticks(range(len(motion.contact_names)), motion.contact_names)
