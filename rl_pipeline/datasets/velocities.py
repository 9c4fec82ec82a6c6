"""Velocities of a motion from its positions, smoothed, since differences of recorded positions are noisy."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from rl_pipeline.datasets.motions import Motion
from rl_pipeline.datasets.quaternions import continuous, inverse, multiply, to_rotation_vector

Array = NDArray[np.float64]

POLYNOMIAL = 3
"""Degree of the polynomials of Savitzky and Golay (1964)."""
WINDOW = 0.1
"""Default duration in seconds over which a polynomial is fitted."""


def with_velocities(motion: Motion, window: float = WINDOW) -> Motion:
    """Return a motion whose velocities are the derivatives of its positions.

    Args:
        motion: The motion; its own velocities are ignored. A cyclic motion is continued beyond its ends.
        window: Seconds over which a cubic polynomial is fitted around each frame; where that is less than five
            frames, the velocities are plain central differences.
    """
    frames = _odd_frames(window / motion.dt, len(motion))
    positions = np.concatenate((motion.joint_positions, motion.root_position), axis=1)
    velocities = _derivative(positions, motion.dt, frames, motion.cyclic)
    joints = len(motion.joint_names)
    return motion.changed(
        joint_velocities=velocities[:, :joints],
        root_linear_velocity=velocities[:, joints:],
        root_angular_velocity=_angular_velocity(motion.root_orientation, motion.dt, frames, motion.cyclic),
    )


def _odd_frames(wanted: float, available: int) -> int:
    """Return the largest odd number of frames that fits."""
    most = int(min(wanted, available))
    return most if most % 2 else most - 1


def _continued(values: Array, frames: int, cyclic: bool) -> Array:
    """Append frames of the neighbouring cycles to both ends, shifted by the displacement of a cycle."""
    if not cyclic:
        return values
    way = values[-1] - values[0]
    count = min(frames, len(values) - 1)
    return np.concatenate((values[-1 - count : -1] - way, values, values[1 : count + 1] + way))


def _inner(values: Array, length: int) -> Array:
    start = (len(values) - length) // 2
    return values[start : start + length]


def _derivative(values: Array, dt: float, frames: int, cyclic: bool) -> Array:
    continued = _continued(values, max(frames, 2), cyclic)
    if frames > POLYNOMIAL + 1:
        change = savgol_filter(continued, frames, POLYNOMIAL, deriv=1, delta=dt, axis=0, mode="interp")
    else:
        change = np.gradient(continued, dt, axis=0)
    return _inner(change, len(values))


def _angular_velocity(orientations: Array, dt: float, frames: int, cyclic: bool) -> Array:
    """Return angular velocities in the rotating frame, (T, 3)."""
    orientations = continuous(orientations)
    first, last = (orientations[-2], orientations[1]) if cyclic else (orientations[0], orientations[-1])
    around = np.concatenate((first[np.newaxis], orientations, last[np.newaxis]))
    steps = np.full((len(orientations), 1), 2.0 * dt)
    if not cyclic:
        steps[[0, -1]] = dt
    velocities = to_rotation_vector(multiply(inverse(around[:-2]), around[2:])) / steps
    if frames <= POLYNOMIAL + 1:
        return velocities
    continued = _continued(velocities, frames, cyclic)
    return _inner(savgol_filter(continued, frames, POLYNOMIAL, axis=0, mode="interp"), len(velocities))
