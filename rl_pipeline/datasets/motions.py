"""Reference motions: joints, root and bodies of a robot over time, identified by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import MISSING, ConfigError, Problem
from rl_pipeline.datasets.quaternions import angle_between

Array = NDArray[np.float64]

UNIT_LENGTH = 1e-3
"""Tolerance of a quaternion's length."""
OVER_TIME = (
    "joint_positions",
    "joint_velocities",
    "root_position",
    "root_orientation",
    "root_linear_velocity",
    "root_angular_velocity",
    "body_positions",
    "body_orientations",
    "contacts",
    "phase",
)
"""Fields of a motion with one row for each frame."""

CLOSED_JOINT, CLOSED_HEIGHT, CLOSED_ANGLE = 1e-3, 1e-3, 1e-3
"""Tolerances between the last and the first frame of a cyclic motion: rad or m, m, rad."""


class MotionError(ConfigError):
    """Raised when a motion is refused; `problems` lists what is wrong, and where."""


def refuse(place: str, message: str, value: Any = MISSING, **details: Any) -> MotionError:
    """Return the error for one problem in a motion; `details` are the arguments of `Problem`."""
    return MotionError([Problem("", message, value, place=place, **details)])


@dataclass(frozen=True, kw_only=True)
class Motion:
    """A recorded or computed motion of T frames at a constant rate.

    The last frame of a cyclic motion equals its first frame, apart from the displacement of its root in the plane:
    it is the first frame of the next cycle.

    Attributes:
        name: Name of the motion.
        dt: Seconds between frames.
        joint_names: The J joints with one axis, without those of the root.
        joint_positions: (T, J), rad or m.
        joint_velocities: (T, J), rad/s or m/s.
        root_position: (T, 3), m, in the world, z up.
        root_orientation: (T, 4), quaternion w, x, y, z, of length one.
        root_linear_velocity: (T, 3), m/s, in the world.
        root_angular_velocity: (T, 3), rad/s, in the frame of the root, as in `qvel` of MuJoCo's free joint.
        body_names: The B bodies whose poses are known; may be empty.
        body_positions: (T, B, 3), m, in the world.
        body_orientations: (T, B, 4), quaternion w, x, y, z, in the world.
        contact_names: The C feet, or other bodies, whose contact with the ground is known; may be empty.
        contacts: (T, C), whether they touch the ground.
        phase: (T,), from 0 at the start of a cycle, or of the whole motion, to 1 at its end.
        cyclic: Whether it can be repeated without a jump.
        source: Origin of the motion.
        licence: Licence, preferably an SPDX identifier; empty if unknown.
    """

    name: str
    dt: float
    joint_names: tuple[str, ...]
    joint_positions: Array
    joint_velocities: Array
    root_position: Array
    root_orientation: Array
    root_linear_velocity: Array
    root_angular_velocity: Array
    body_names: tuple[str, ...] = ()
    body_positions: Array = field(default_factory=lambda: np.empty((0, 0, 3)))
    body_orientations: Array = field(default_factory=lambda: np.empty((0, 0, 4)))
    contact_names: tuple[str, ...] = ()
    contacts: NDArray[np.bool_] = field(default_factory=lambda: np.empty((0, 0), np.bool_))
    phase: Array = field(default_factory=lambda: np.empty(0))
    cyclic: bool = False
    source: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        """Fill in default values, and check shapes, values and the end of a cycle.

        Raises:
            MotionError: A check fails.
        """
        frames = len(self.joint_positions)
        if not self.body_names:
            self._set(body_positions=np.empty((frames, 0, 3)), body_orientations=np.empty((frames, 0, 4)))
        if not self.contact_names:
            self._set(contacts=np.empty((frames, 0), np.bool_))
        if not len(self.phase):
            self._set(phase=np.linspace(0.0, 1.0, frames))
        problems = [*_shape_problems(self), *_name_problems(self)] or [*_value_problems(self)]
        if not problems and self.cyclic:
            problems = [*_cycle_problems(self)]
        if problems:
            raise MotionError(problems)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.joint_positions)

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the last."""
        return (len(self) - 1) * self.dt

    @property
    def advance(self) -> Array:
        """Displacement of the root from the first frame to the last, (3,), m."""
        return self.root_position[-1] - self.root_position[0]

    def joint(self, name: str) -> int:
        """Return the column of a joint.

        Raises:
            ValueError: The joint does not exist.
        """
        return self.joint_names.index(name)

    def changed(self, **fields: Any) -> "Motion":
        """Return a copy with some fields changed."""
        return replace(self, **fields)

    def _set(self, **fields: Any) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)


def shapes(motion: Motion) -> Mapping[str, tuple[int, ...]]:
    """Return the shape that every array of a motion must have."""
    frames = len(motion.joint_positions)
    joints, bodies, feet = map(len, (motion.joint_names, motion.body_names, motion.contact_names))
    rows = ((joints,), (joints,), (3,), (4,), (3,), (3,), (bodies, 3), (bodies, 4), (feet,), ())
    return {name: (frames, *row) for name, row in zip(OVER_TIME, rows, strict=True)}


def _shape_problems(motion: Motion) -> list[Problem]:
    place = f"motion {motion.name}"
    problems = [
        Problem(name, f"must have the shape {shape}", np.shape(getattr(motion, name)), place=place)
        for name, shape in shapes(motion).items()
        if np.shape(getattr(motion, name)) != shape
    ]
    if len(motion) < 2:
        problems.append(Problem("", "a motion needs at least two frames", len(motion), place=place))
    if not (np.isfinite(motion.dt) and motion.dt > 0):
        problems.append(Problem("dt", "must be a positive number of seconds", motion.dt, place=place))
    return problems


def _name_problems(motion: Motion) -> list[Problem]:
    problems = []
    for field_name in ("joint_names", "body_names", "contact_names"):
        names = getattr(motion, field_name)
        if twice := sorted({name for name in names if names.count(name) > 1}):
            problems.append(
                Problem(field_name, "names occur more than once", twice, place=f"motion {motion.name}")
            )
    return problems


def _value_problems(motion: Motion) -> list[Problem]:
    place = f"motion {motion.name}"
    problems = []
    for name in shapes(motion):
        bad = ~np.isfinite(np.asarray(getattr(motion, name), np.float64))
        if bad.any():
            frame = int(np.argwhere(bad)[0][0])
            message = f"holds {int(bad.sum())} NaN or infinite values, the first in frame {frame}"
            problems.append(Problem(name, message, place=place))
    if problems:
        return problems
    for name in ("root_orientation", "body_orientations"):
        lengths = np.linalg.norm(getattr(motion, name), axis=-1)
        if lengths.size and np.abs(lengths - 1).max() > UNIT_LENGTH:
            worst = float(lengths.flat[np.abs(lengths - 1).argmax()])
            remedy = "quaternions are stored as w, x, y, z with length one"
            problems.append(
                Problem(
                    name, "contains a quaternion whose length is not one", worst, place=place, remedy=remedy
                )
            )
    if motion.phase.min() < 0 or motion.phase.max() > 1:
        limits = [float(motion.phase.min()), float(motion.phase.max())]
        problems.append(Problem("phase", "must be from 0 to 1", limits, place=place))
    return problems


def _cycle_problems(motion: Motion) -> list[Problem]:
    gaps = {
        name: (float(abs(motion.joint_positions[-1, j] - motion.joint_positions[0, j])), CLOSED_JOINT)
        for j, name in enumerate(motion.joint_names)
    }
    gaps["root height"] = (abs(float(motion.advance[2])), CLOSED_HEIGHT)
    turn = float(angle_between(motion.root_orientation[0], motion.root_orientation[-1]))
    gaps["root orientation"] = (turn, CLOSED_ANGLE)
    return [
        Problem(
            name,
            f"differs by {gap:.3g} between the first and the last frame, but the motion is marked as cyclic",
            place=f"motion {motion.name}",
            remedy="cut it to one period, or spread the difference over the frames with close_cycle",
        )
        for name, (gap, most) in gaps.items()
        if gap > most
    ]
