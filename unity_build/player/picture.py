"""A tank and its target, seen from above."""

import math

import numpy as np
from numpy.typing import NDArray

from unity_build.player.tank import FIELD, REACHED

SIZE = 160
"""Pixels of each side."""
HULL = 0.35
"""Radius of the tank, m."""
BARREL = (0.8, 0.1)
"""Length, and half the width, m."""
GROUND, TARGET, TANK = (200, 190, 160), (200, 40, 40), (40, 90, 40)


def seen_from_above(pose: tuple[float, float, float], target: tuple[float, float]) -> NDArray[np.uint8]:
    """Draw a tank and its target.

    Args:
        pose: x and y in m, heading in rad.
        target: x and y in m.

    Returns:
        (SIZE, SIZE, 3), with x to the right and y up.
    """
    axis = np.linspace(-FIELD - 1.0, FIELD + 1.0, SIZE)
    x, y = np.meshgrid(axis, -axis)
    heading = pose[2]
    ahead = (x - pose[0]) * math.cos(heading) + (y - pose[1]) * math.sin(heading)
    aside = (y - pose[1]) * math.cos(heading) - (x - pose[0]) * math.sin(heading)
    picture = np.full((SIZE, SIZE, 3), GROUND, np.uint8)
    picture[np.hypot(x - target[0], y - target[1]) < REACHED] = TARGET
    picture[np.hypot(ahead, aside) < HULL] = TANK
    picture[(ahead > 0) & (ahead < BARREL[0]) & (abs(aside) < BARREL[1])] = TANK
    return picture
