"""Rotations as actions and goals, over batches."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rl_pipeline.datasets.quaternions import IDENTITY, from_rotation_vector, multiply

Array = NDArray[np.float64]

_SMALL = 1e-6


def matrix(quaternion: ArrayLike) -> Array:
    """Return rotation matrices, (..., 3, 3)."""
    w, x, y, z = np.moveaxis(np.asarray(quaternion, np.float64), -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, -1) for row in rows], -2)


def six_numbers(matrices: np.ndarray) -> Array:
    """Return the first two columns of rotation matrices, (..., 6), one after the other."""
    return np.concatenate((matrices[..., 0], matrices[..., 1]), -1)


def matrix_of_columns(first: np.ndarray, second: np.ndarray) -> Array:
    """Return the rotation matrices nearest to two columns, (..., 3) each, by Gram and Schmidt.

    Columns that are zero or parallel give no rotation; they become the identity.
    """
    x = first / np.maximum(np.linalg.norm(first, axis=-1, keepdims=True), _SMALL)
    rest = second - np.sum(x * second, -1, keepdims=True) * x
    length = np.linalg.norm(rest, axis=-1, keepdims=True)
    y = rest / np.maximum(length, _SMALL)
    valid = (length > _SMALL) & (np.linalg.norm(first, axis=-1, keepdims=True) > _SMALL)
    found = np.stack((x, y, np.cross(x, y)), -1)
    return np.where(valid[..., np.newaxis], found, np.eye(3))


def angle_of_goals(first: np.ndarray, second: np.ndarray) -> Array:
    """Return the angle in radians between orientations that six numbers describe, (..., 6) each."""
    one, other = (matrix_of_columns(goal[..., :3], goal[..., 3:6]) for goal in (first, second))
    cosine = (np.sum(one * other, axis=(-2, -1)) - 1.0) / 2.0
    return np.arccos(cosine.clip(-1.0, 1.0))


def quaternion(matrices: np.ndarray) -> Array:
    """Return unit quaternions of rotation matrices, (..., 4), with a scalar part that is not negative."""
    diagonal = np.diagonal(matrices, axis1=-2, axis2=-1)
    signs = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    sizes = np.sqrt(np.maximum(1.0 + diagonal @ signs.T, 0.0)) / 2.0
    m = matrices
    w = np.stack((m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]), -1)
    xy, xz, yz = (m[..., i, j] + m[..., j, i] for i, j in ((0, 1), (0, 2), (1, 2)))
    candidates = np.stack(
        [
            np.concatenate((4 * sizes[..., :1] ** 2, w), -1),
            np.stack((w[..., 0], 4 * sizes[..., 1] ** 2, xy, xz), -1),
            np.stack((w[..., 1], xy, 4 * sizes[..., 2] ** 2, yz), -1),
            np.stack((w[..., 2], xz, yz, 4 * sizes[..., 3] ** 2), -1),
        ],
        -2,
    )
    best = np.argmax(sizes, -1)[..., np.newaxis, np.newaxis]
    chosen = np.take_along_axis(candidates, best, -2)[..., 0, :]
    chosen = chosen / np.linalg.norm(chosen, axis=-1, keepdims=True)
    return np.where(chosen[..., :1] < 0, -chosen, chosen)


def _from_matrix(action: np.ndarray) -> Array:
    rows = action.reshape(*action.shape[:-1], 3, 3)
    return quaternion(matrix_of_columns(rows[..., 0], rows[..., 1]))


def _from_euler(action: np.ndarray) -> Array:
    x, y, z = (from_rotation_vector(np.pi * action[..., i : i + 1] * np.eye(3)[i]) for i in range(3))
    return multiply(multiply(x, y), z)


def _from_quaternion(action: np.ndarray) -> Array:
    length = np.linalg.norm(action, axis=-1, keepdims=True)
    return np.where(length > _SMALL, action / np.maximum(length, _SMALL), IDENTITY)


def _from_axis_angle(action: np.ndarray) -> Array:
    axis = action[..., :3]
    length = np.linalg.norm(axis, axis=-1, keepdims=True)
    return from_rotation_vector(np.pi * action[..., 3:] * axis / np.maximum(length, _SMALL))


def _from_yaw(action: np.ndarray) -> Array:
    return from_rotation_vector(np.pi * action * np.array([0.0, 0.0, 1.0]))


class RotationAction(NamedTuple):
    """How some numbers between -1 and 1 say how a gripper is to be turned.

    Attributes:
        decode: From (n, size) to quaternions (n, 4), the orientation relative to a gripper that points down.
        identity: The numbers for a gripper that points down, (size,).
    """

    decode: Callable[[np.ndarray], Array]
    identity: tuple[float, ...]

    @property
    def size(self) -> int:
        """How many numbers."""
        return len(self.identity)


ROTATION_ACTIONS = {
    "fixed": RotationAction(lambda action: np.tile(IDENTITY, (*action.shape[:-1], 1)), ()),
    "matrix": RotationAction(_from_matrix, (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)),
    "euler": RotationAction(_from_euler, (0.0, 0.0, 0.0)),
    "quaternion": RotationAction(_from_quaternion, (1.0, 0.0, 0.0, 0.0)),
    "axis_angle": RotationAction(_from_axis_angle, (0.0, 0.0, 1.0, 0.0)),
    "yaw": RotationAction(_from_yaw, (0.0,)),
}
"""By name."""
