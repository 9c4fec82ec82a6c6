"""Starts and goals of episodes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.grasping.scene import OBSTACLE, UNEVEN, UNEVEN_HEIGHT, WALL

GRIP_RANGE = np.array([0.05, 0.1])
"""Half width of where the grip starts, in metres around the origin."""
OBJECT_RANGE = np.array([0.1, 0.15])
GOAL_RANGE = np.array([0.15, 0.15])
APART = 0.1
"""Metres between grip and object, and between object and goal, in the plane."""
GOAL_HEIGHT = 0.25
"""Metres above the ground up to which goals are in the air; half of them are."""


@dataclass(frozen=True)
class Start:
    """Positions in metres, (3,) each."""

    grip: NDArray[np.float64]
    object: NDArray[np.float64]
    goal: NDArray[np.float64]


def draw_start(rng: np.random.Generator, ground: str, grip_height: float, object_height: float) -> Start:
    """Draw the start of an episode.

    Args:
        rng: Generator of the simulation.
        ground: What the object lies on.
        grip_height: Height of the grip.
        object_height: Height of the centre of an object that lies on the ground.
    """
    grip = rng.uniform(-GRIP_RANGE, GRIP_RANGE)
    side = rng.choice([-1.0, 1.0]) if ground == OBSTACLE else 0.0
    start = _apart_from(grip, rng, OBJECT_RANGE, side)
    goal = _apart_from(start, rng, GOAL_RANGE, -side)
    lift = draw_lift(rng)
    fall = UNEVEN_HEIGHT if ground == UNEVEN else 0.0
    return Start(
        np.append(grip, grip_height),
        np.append(start, object_height + fall),
        np.append(goal, object_height + fall / 2 + lift),
    )


def draw_lift(rng: np.random.Generator) -> float:
    """Draw how high above the ground a goal is, in metres."""
    return float(rng.uniform(0.0, GOAL_HEIGHT)) if rng.uniform() < 0.5 else 0.0


def _apart_from(
    other: np.ndarray, rng: np.random.Generator, limits: np.ndarray, side: float
) -> NDArray[np.float64]:
    """Draw a place away from another one; a side other than 0 says on which side of the wall."""
    while True:
        place = rng.uniform(-limits, limits)
        if side:
            place[0] = side * rng.uniform(WALL[0] + 0.06, GOAL_RANGE[0])
        if np.linalg.norm(place - other) >= APART:
            return place
