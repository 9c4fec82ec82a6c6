"""Motions as tables: root position, quaternion x, y, z, w and joint angles, as published by Unitree.

The first row may be a header. With a header, `time` (or `t`) is the time in seconds, and the columns after the seven
of the root are named after their joints.
"""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.motions import Motion, MotionError, refuse
from rl_pipeline.datasets.quaternions import continuous, normalized
from rl_pipeline.datasets.readers.options import ReadOptions, unknown_clip
from rl_pipeline.datasets.velocities import with_velocities

Array = NDArray[np.float64]

TIME = ("time", "t")
ROOT_COLUMNS = 7
UNEVEN = 0.05
"""Tolerance of the times between rows, relative to their mean."""
QUATERNION_LENGTH = 0.05
"""Tolerance of a quaternion's length."""

_LEG = ("hip_pitch", "hip_roll", "hip_yaw", "knee", "ankle_pitch", "ankle_roll")
_ARM = ("shoulder_pitch", "shoulder_roll", "shoulder_yaw", "elbow", "wrist_roll", "wrist_pitch", "wrist_yaw")
ROBOTS = {
    "g1": (
        *(f"{side}_{joint}_joint" for side in ("left", "right") for joint in _LEG),
        *("waist_yaw_joint", "waist_roll_joint", "waist_pitch_joint"),
        *(f"{side}_{joint}_joint" for side in ("left", "right") for joint in _ARM),
    )
}
"""Joints of robots in the order of Unitree's tables."""


def clips(path: Path) -> tuple[str, ...]:
    """Return the name of the only clip, which is the file's name."""
    return (path.stem,)


def read(path: Path, clip: str, options: ReadOptions) -> Motion:
    """Read a table.

    Raises:
        MotionError: The file is not a table of numbers with these columns, or names or rate are unknown.
    """
    if clip != path.stem:
        raise unknown_clip(path, clip, clips(path))
    header, table = _read_table(path)
    dt, header, table = _take_time(path, header, table, options)
    if table.shape[1] <= ROOT_COLUMNS:
        message = f"has no columns of joints after the {ROOT_COLUMNS} of the root: position and quaternion x, y, z, w"
        raise refuse(str(path), message, table.shape[1])
    joints = _joint_names(path, header, table.shape[1] - ROOT_COLUMNS, options)
    orientation = np.roll(table[:, 3:7], 1, axis=1)
    lengths = np.linalg.norm(orientation, axis=1)
    if np.abs(lengths - 1).max() > QUATERNION_LENGTH:
        row = int(np.abs(lengths - 1).argmax())
        message = (
            f"columns 4 to 7 must be a quaternion x, y, z, w; in frame {row} its length is {lengths[row]:.3g}"
        )
        raise refuse(str(path), message)
    frames = len(table)
    motion = Motion(
        name=clip,
        dt=dt,
        joint_names=joints,
        joint_positions=table[:, ROOT_COLUMNS:],
        joint_velocities=np.zeros((frames, len(joints))),
        root_position=table[:, :3],
        root_orientation=continuous(normalized(orientation)),
        root_linear_velocity=np.zeros((frames, 3)),
        root_angular_velocity=np.zeros((frames, 3)),
        source=path.name,
    )
    return with_velocities(motion)


def _read_table(path: Path) -> tuple[list[str] | None, Array]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise refuse(str(path), f"cannot be read as a table: {error}") from error
    header = [cell.strip() for cell in rows[0]] if rows and not _are_numbers(rows[0]) else None
    rows = rows[1:] if header else rows
    if len(rows) < 2:
        raise refuse(str(path), "a motion needs at least two rows of numbers", len(rows))
    width = len(header) if header else len(rows[0])
    for number, row in enumerate(rows, start=2 if header else 1):
        if len(row) != width or not _are_numbers(row):
            raise refuse(f"{path}:{number}", f"must hold {width} numbers", row[: width + 1])
    return header, np.array(rows, np.float64)


def _are_numbers(row: list[str]) -> bool:
    try:
        [float(cell) for cell in row]
    except ValueError:
        return False
    return True


def _take_time(
    path: Path, header: list[str] | None, table: Array, options: ReadOptions
) -> tuple[float, list[str] | None, Array]:
    """Return the time step, and the table without a column of times."""
    columns = [i for i, name in enumerate(header or []) if name.lower() in TIME]
    if columns and header:
        times = np.diff(table[:, columns[0]])
        if times.min() <= 0 or np.abs(times / times.mean() - 1).max() > UNEVEN:
            limits = [float(times.min()), float(times.max())]
            raise refuse(str(path), "the rows must follow each other at equal times", limits)
        table = np.delete(table, columns[0], axis=1)
        header = [name for i, name in enumerate(header) if i != columns[0]]
        return (1 / options.rate if options.rate else float(times.mean())), header, table
    if not options.rate:
        remedy = "give the rate (--rate); tables of Unitree's LAFAN1 have 30 frames per second"
        raise refuse(str(path), "has no column of times, so its rate is unknown", remedy=remedy)
    return 1.0 / options.rate, header, table


def _joint_names(path: Path, header: list[str] | None, count: int, options: ReadOptions) -> tuple[str, ...]:
    names = options.joints or (tuple(header[ROOT_COLUMNS:]) if header else None)
    if names is None:
        raise _nameless(path, count)
    if len(names) != count:
        message = f"has {count} columns of joints after the {ROOT_COLUMNS} of the root, not {len(names)}"
        raise refuse(str(path), message, list(names))
    return names


def _nameless(path: Path, count: int) -> MotionError:
    fitting = [robot for robot, joints in ROBOTS.items() if len(joints) == count]
    example = fitting[0] if fitting else "hip,knee,..."
    remedy = f"name the joints in the order of the columns (--joints {example})"
    return refuse(str(path), f"has no header, so the names of its {count} joints are unknown", remedy=remedy)
