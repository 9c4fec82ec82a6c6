"""The task of the player: tanks that seek their targets, as one batch of NumPy arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TIMESTEP_S = 0.1
TOP_SPEED = 2.0
"""m/s."""
TOP_YAW_RATE = 2.0
"""rad/s."""
RESPONSE = 0.5
"""Share of the way to the commanded speed and yaw rate that a timestep makes."""
FIELD = 5.0
"""Targets appear at most this far from the tank along each axis, m."""
REACHED = 0.5
"""Distance at which a target counts as reached, m."""
TIME_LIMIT = 150
"""Timesteps in an episode."""
OBSERVATION_SIZE = 5
ACTION_SIZE = 2


@dataclass
class TankStep:
    """What a timestep gave each tank, before any of them was reset."""

    observations: NDArray[np.float32]
    """(n, 5) target ahead and to the left (unit vector in the tank's frame), distance / 5 m, speed, yaw rate."""
    rewards: NDArray[np.float32]
    """(n,) metres that the tank came closer, minus 0.01, plus 1 at the target."""
    terminated: NDArray[np.bool_]
    """(n,) the target was reached."""
    truncated: NDArray[np.bool_]
    """(n,) the time was up before."""

    @property
    def success(self) -> NDArray[np.bool_]:
        """(n,) Whether the target was reached."""
        return self.terminated

    @property
    def ended(self) -> NDArray[np.bool_]:
        """(n,) Whether the episode is over."""
        return self.terminated | self.truncated


class Tanks:
    """Tracked vehicles on a plane, each with a target of its own.

    Args:
        n: number of tanks.
        seed: tank i draws its targets from a generator seeded with `seed + i`.
    """

    def __init__(self, n: int, seed: int = 0) -> None:
        self.n = n
        self.target_range = FIELD
        self._generators = [np.random.default_rng(seed + index) for index in range(n)]
        self._position, self._target = np.zeros((2, n, 2))
        self._heading, self._speed, self._yaw_rate = np.zeros((3, n))
        self._elapsed = np.zeros(n, np.int64)
        self.reset(np.ones(n, np.bool_))

    def reset(self, mask: NDArray[np.bool_], seeds: Sequence[int | None] | None = None) -> None:
        """Give the marked tanks new targets.

        Args:
            mask: (n,) which tanks.
            seeds: a seed for each of all n tanks; None continues the tank's generator.
        """
        for index in np.flatnonzero(mask):
            seed = seeds[index] if seeds is not None else None
            if seed is not None:
                self._generators[index] = np.random.default_rng(seed)
            self._place(int(index))
        self._position[mask] = 0.0
        self._speed[mask] = self._yaw_rate[mask] = 0.0
        self._elapsed[mask] = 0

    def _place(self, index: int) -> None:
        generator, target = self._generators[index], np.zeros(2)
        while np.linalg.norm(target) <= 2 * REACHED:
            target = generator.uniform(-self.target_range, self.target_range, 2)
        self._target[index] = target
        self._heading[index] = generator.uniform(-np.pi, np.pi)

    def step(self, actions: NDArray[np.floating]) -> TankStep:
        """Drive every tank for a timestep; those that end stay as they are until `reset`.

        Args:
            actions: (n, 2) commanded speed and yaw rate, as shares of the highest, clipped to [-1, 1].
        """
        commands = np.clip(np.asarray(actions, np.float64).reshape(self.n, ACTION_SIZE), -1.0, 1.0)
        before = self._distance()
        self._speed += RESPONSE * (TOP_SPEED * commands[:, 0] - self._speed)
        self._yaw_rate += RESPONSE * (TOP_YAW_RATE * commands[:, 1] - self._yaw_rate)
        self._heading += TIMESTEP_S * self._yaw_rate
        direction = np.stack([np.cos(self._heading), np.sin(self._heading)], axis=1)
        self._position += TIMESTEP_S * self._speed[:, None] * direction
        self._elapsed += 1
        after = self._distance()
        reached = after < REACHED
        rewards = (before - after - 0.01 + reached).astype(np.float32)
        return TankStep(self.observations(), rewards, reached, ~reached & (self._elapsed >= TIME_LIMIT))

    def _distance(self) -> NDArray[np.float64]:
        return np.linalg.norm(self._target - self._position, axis=1)

    def pose(self, index: int) -> tuple[float, float, float]:
        """Return x and y in m and the heading in rad of a tank."""
        x, y = self._position[index]
        return float(x), float(y), float(self._heading[index])

    def target(self, index: int) -> tuple[float, float]:
        """Return x and y in m of a tank's target."""
        x, y = self._target[index]
        return float(x), float(y)

    def observations(self) -> NDArray[np.float32]:
        """Return the observations of all tanks, (n, 5)."""
        offset, distance = self._target - self._position, self._distance()
        bearing = np.arctan2(offset[:, 1], offset[:, 0]) - self._heading
        columns = [
            np.cos(bearing),
            np.sin(bearing),
            distance / FIELD,
            self._speed / TOP_SPEED,
            self._yaw_rate / TOP_YAW_RATE,
        ]
        return np.stack(columns, axis=1).astype(np.float32)
