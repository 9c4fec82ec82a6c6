"""InvertedPendulum and InvertedDoublePendulum: balance one or two poles on a cart."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.gymnasium_tasks.base import GymnasiumTask
from rl_pipeline.envs.mujoco.task import Batch, FreeCamera

LIMIT = 10.0
"""Observed velocities and constraint forces are clipped to this absolute value."""


@dataclass(kw_only=True)
class InvertedPendulum(GymnasiumTask):
    """`InvertedPendulum-v5` of Gymnasium."""

    xml_file: str = "inverted_pendulum.xml"
    frame_skip: int = 2
    default_camera_config: FreeCamera | None = field(
        default_factory=lambda: {"trackbodyid": 0, "distance": 2.04}
    )
    reset_noise_scale: float = 0.01

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Start near the upright pose."""
        return self.noisy_start(rng, self.reset_noise_scale, "uniform")

    def observe(self, batch: Batch) -> NDArray[np.float64]:
        """Return positions and velocities."""
        return np.concatenate((batch.qpos, batch.qvel), axis=1)

    def terminated(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which poles lean by more than 0.2 rad."""
        finite = np.isfinite(self.observe(batch)).all(axis=1)
        self._fallen = ~finite | (np.abs(batch.qpos[:, 1]) > 0.2)
        return self._fallen

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
        """Return one for every step upright."""
        self._survive = (~self._fallen).astype(np.float64)
        return self._survive

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the reward."""
        return {"reward_survive": self._survive.copy()}


@dataclass(kw_only=True)
class InvertedDoublePendulum(GymnasiumTask):
    """`InvertedDoublePendulum-v5` of Gymnasium."""

    xml_file: str = "inverted_double_pendulum.xml"
    frame_skip: int = 5
    healthy_reward: float = 10.0
    reset_noise_scale: float = 0.1

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Start near the upright pose."""
        return self.noisy_start(rng, self.reset_noise_scale, "normal")

    def observe(self, batch: Batch) -> NDArray[np.float64]:
        """Return the cart's position, sines and cosines of the poles, velocities and the rail's force."""
        angles = batch.qpos[:, 1:]
        velocity = batch.qvel.clip(-LIMIT, LIMIT)
        force = batch.qfrc_constraint[:, :1].clip(-LIMIT, LIMIT)
        return np.concatenate((batch.qpos[:, :1], np.sin(angles), np.cos(angles), velocity, force), axis=1)

    def terminated(self, batch: Batch) -> NDArray[np.bool_]:
        """Return whether the upper tip is not above one metre."""
        self._fallen = batch.site_xpos[:, 0, 2] <= 1
        return self._fallen

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
        """Return a bonus while upright minus penalties for distance and velocity."""
        x, z = batch.site_xpos[:, 0, 0], batch.site_xpos[:, 0, 2]
        v1, v2 = batch.qvel[:, 1], batch.qvel[:, 2]
        self._distance_penalty = 0.01 * x**2 + (z - 2) ** 2
        self._velocity_penalty = 1e-3 * v1**2 + 5e-3 * v2**2
        self._survive = self.healthy_reward * ~self._fallen
        return self._survive - self._distance_penalty - self._velocity_penalty

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the terms of the reward."""
        return {
            "reward_survive": self._survive,
            "distance_penalty": -self._distance_penalty,
            "velocity_penalty": -self._velocity_penalty,
        }
