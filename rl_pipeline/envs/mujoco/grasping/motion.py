"""From actions to the pose that holds a grip."""

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.quaternions import (
    from_rotation_vector,
    inverse,
    multiply,
    normalized,
    to_rotation_vector,
)

STEP = 0.05
"""Metres by which an action of 1 moves the grip in an environment step."""
TURN = 0.2
"""Radians by which the grip turns in an environment step at most."""
LEAD = 0.05
"""Metres by which the pose that pulls the grip may be ahead of it."""
HALF_WIDTH = np.array([0.2, 0.25])
"""Of the space around the origin in which the grip moves, in metres."""
HIGHEST = 0.45
DOWN = np.array([0.0, 1.0, 0.0, 0.0])
"""Orientation of a gripper that points to the ground."""


def moved(target: np.ndarray, grip: np.ndarray, action: np.ndarray, lowest: float) -> NDArray[np.float64]:
    """Return where the grip is pulled next, (n, 3).

    Args:
        target: Where it was pulled until now, (n, 3).
        grip: Where it is, (n, 3).
        action: Between -1 and 1, (n, 3).
        lowest: Height to which it may sink.
    """
    wanted = target + STEP * action
    wanted = np.clip(wanted, grip - LEAD, grip + LEAD)
    return np.clip(wanted, [*-HALF_WIDTH, lowest], [*HALF_WIDTH, HIGHEST])


def turned(current: np.ndarray, wanted: np.ndarray) -> NDArray[np.float64]:
    """Return orientations that are turned from `current` towards `wanted`, (n, 4)."""
    way = to_rotation_vector(multiply(wanted, inverse(current)))
    angle = np.linalg.norm(way, axis=-1, keepdims=True)
    part = np.minimum(1.0, TURN / np.maximum(angle, TURN))
    return normalized(multiply(from_rotation_vector(part * way), current))
