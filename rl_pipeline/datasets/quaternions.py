"""Rotations of whole batches as unit quaternions w, x, y, z, in arrays (..., 4), as MuJoCo orders them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

IDENTITY: Array = np.array([1.0, 0.0, 0.0, 0.0])
_NEARLY_EQUAL = 1e-6
"""Angle in radians below which an interpolation along the sphere is replaced by a linear one."""


def multiply(first: ArrayLike, second: ArrayLike) -> Array:
    """Return the rotation that applies `second`, then `first`."""
    w1, x1, y1, z1 = np.moveaxis(np.asarray(first, np.float64), -1, 0)
    w2, x2, y2, z2 = np.moveaxis(np.asarray(second, np.float64), -1, 0)
    return np.stack(
        (
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        ),
        axis=-1,
    )


def inverse(rotation: ArrayLike) -> Array:
    """Return the opposite rotations."""
    return np.asarray(rotation, np.float64) * (1.0, -1.0, -1.0, -1.0)


def rotate(rotation: ArrayLike, vector: ArrayLike) -> Array:
    """Return rotated vectors, (..., 3)."""
    rotation, vector = np.asarray(rotation, np.float64), np.asarray(vector, np.float64)
    axis = rotation[..., 1:]
    twice = 2.0 * np.cross(axis, vector)
    return vector + rotation[..., :1] * twice + np.cross(axis, twice)


def from_rotation_vector(vector: ArrayLike) -> Array:
    """Return the rotations about the directions of vectors, (..., 3), by their lengths in radians."""
    vector = np.asarray(vector, np.float64)
    angle = np.linalg.norm(vector, axis=-1, keepdims=True)
    return np.concatenate((np.cos(angle / 2), vector * np.sinc(angle / (2 * np.pi)) / 2), axis=-1)


def to_rotation_vector(rotation: ArrayLike) -> Array:
    """Return axis times angle, (..., 3), of the shorter way, with angles up to pi."""
    rotation = np.asarray(rotation, np.float64)
    shorter = np.where(rotation[..., :1] < 0, -rotation, rotation)
    sine = np.linalg.norm(shorter[..., 1:], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, shorter[..., :1])
    return shorter[..., 1:] * np.where(sine > 0, angle / np.where(sine > 0, sine, 1.0), 2.0)


def angle_between(first: ArrayLike, second: ArrayLike) -> Array:
    """Return the angle in radians, from 0 to pi, from one orientation to the other."""
    return np.linalg.norm(to_rotation_vector(multiply(inverse(first), second)), axis=-1)


def continuous(rotations: ArrayLike) -> Array:
    """Return the same rotations over time, (T, ..., 4), without changes of sign between neighbours."""
    rotations = np.array(rotations, np.float64)
    flips = np.sum(rotations[1:] * rotations[:-1], axis=-1, keepdims=True) < 0
    signs = np.where(np.cumsum(flips, axis=0) % 2, -1.0, 1.0)
    rotations[1:] *= signs
    return rotations


def slerp(first: ArrayLike, second: ArrayLike, fraction: ArrayLike) -> Array:
    """Interpolate between rotations at constant angular velocity, along the shorter way.

    Args:
        first: Start of the interpolation, (..., 4).
        second: End of the interpolation, (..., 4).
        fraction: Fraction of the way, (...), from 0 to 1.
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    fraction = np.asarray(fraction, np.float64)[..., np.newaxis]
    cosine = np.sum(first * second, axis=-1, keepdims=True)
    second, cosine = np.where(cosine < 0, -second, second), np.abs(cosine).clip(max=1.0)
    angle = np.arccos(cosine)
    near = angle < _NEARLY_EQUAL
    sine = np.where(near, 1.0, np.sin(angle))
    start = np.where(near, 1.0 - fraction, np.sin((1.0 - fraction) * angle) / sine)
    end = np.where(near, fraction, np.sin(fraction * angle) / sine)
    return normalized(start * first + end * second)


def normalized(rotation: ArrayLike) -> Array:
    """Return quaternions of length one."""
    rotation = np.asarray(rotation, np.float64)
    return rotation / np.linalg.norm(rotation, axis=-1, keepdims=True)
