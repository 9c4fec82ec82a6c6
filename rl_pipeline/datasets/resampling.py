"""Motions at another rate, and parts of motions."""

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.motions import Motion, refuse
from rl_pipeline.datasets.quaternions import slerp

LINEAR = (
    "joint_positions",
    "joint_velocities",
    "root_position",
    "root_linear_velocity",
    "root_angular_velocity",
    "body_positions",
    "phase",
)
ROTATIONS = ("root_orientation", "body_orientations")
VELOCITIES = ("joint_velocities", "root_linear_velocity", "root_angular_velocity")
ROUNDING = 1e-6
"""Tolerance of the end of a motion, as a fraction of a frame."""
MOST_STRETCHED = 0.05
"""Largest relative change of a cyclic motion's period."""


def resample(motion: Motion, dt: float) -> Motion:
    """Return a motion with a different time step.

    Positions, velocities and phase are interpolated linearly, orientations along the sphere (slerp); contacts
    are those of the nearest frame. A cycle must consist of whole frames: the period of a cyclic motion changes
    to the nearest multiple of `dt`, and its velocities with it.

    Raises:
        MotionError: `dt` is not positive, too coarse for two frames, or would change the period of a cyclic
            motion by more than 5 %.
    """
    if not (np.isfinite(dt) and dt > 0):
        raise refuse(f"motion {motion.name}", "the seconds between frames must be positive", dt)
    if abs(dt - motion.dt) < ROUNDING * dt:
        return motion
    if not motion.cyclic:
        count = int(motion.duration / dt + ROUNDING)
        if count < 1:
            raise refuse(
                f"motion {motion.name}", f"lasts {motion.duration:.3g} s, less than one step of {dt:g} s"
            )
        return _at(motion, np.arange(count + 1, dtype=np.float64) * dt).changed(dt=dt)
    count = round(motion.duration / dt)
    if abs(count * dt / motion.duration - 1) > MOST_STRETCHED or count < 2:
        message = f"its period of {motion.duration:.3g} s is not close to a multiple of {dt:g} s"
        raise refuse(f"motion {motion.name}", message, dt, remedy="choose a smaller time step")
    resampled = _at(motion, np.linspace(0.0, motion.duration, count + 1))
    stretch = motion.duration / (count * dt)
    return resampled.changed(dt=dt, **{name: getattr(resampled, name) * stretch for name in VELOCITIES})


def cut(motion: Motion, start: float = 0.0, end: float | None = None) -> Motion:
    """Return the part of a motion between two times in seconds, whose phase goes from 0 to 1 again.

    Raises:
        MotionError: The times are not within the motion, or there are less than two frames between them.
    """
    end = motion.duration if end is None else end
    if not 0 <= start < end <= motion.duration + ROUNDING * motion.dt:
        message = f"a part must be within its {motion.duration:.4g} s"
        raise refuse(f"motion {motion.name}", message, [start, end])
    first, last = round(start / motion.dt), round(end / motion.dt)
    if (first, last) == (0, len(motion) - 1):
        return motion
    if last - first < 1:
        raise refuse(f"motion {motion.name}", "a part needs at least two frames", [start, end])
    part = slice(first, last + 1)
    values = {name: getattr(motion, name)[part] for name in (*LINEAR, *ROTATIONS, "contacts")}
    return motion.changed(**{**values, "phase": np.linspace(0.0, 1.0, last - first + 1), "cyclic": False})


def _at(motion: Motion, times: NDArray[np.floating]) -> Motion:
    """Return the motion at given times, with an unchanged `dt`."""
    position = (times / motion.dt).clip(0, len(motion) - 1)
    low = np.minimum(position.astype(np.intp), len(motion) - 2)
    part = position - low
    values: dict[str, np.ndarray] = {}
    for name in LINEAR:
        field = getattr(motion, name)
        weight = part.reshape(-1, *[1] * (field.ndim - 1))
        values[name] = (1 - weight) * field[low] + weight * field[low + 1]
    for name in ROTATIONS:
        field = getattr(motion, name)
        values[name] = slerp(field[low], field[low + 1], part.reshape(-1, *[1] * (field.ndim - 2)))
    # Phases that restart within a motion do not pass through the values in between.
    falls = motion.phase[low + 1] < motion.phase[low]
    values["phase"] = np.where(
        falls, np.where(part < 0.5, motion.phase[low], motion.phase[low + 1]), values["phase"]
    )
    values["contacts"] = motion.contacts[np.rint(position).astype(np.intp)]
    return motion.changed(**values)
