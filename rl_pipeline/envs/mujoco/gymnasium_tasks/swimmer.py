"""Swimmer: swim forward in a viscous fluid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.gymnasium_tasks.base import GymnasiumTask, planar_metrics, sum_of_squares
from rl_pipeline.envs.mujoco.task import Batch


@dataclass(kw_only=True)
class Swimmer(GymnasiumTask):
    """`Swimmer-v5` of Gymnasium."""

    xml_file: str = "swimmer.xml"
    frame_skip: int = 4
    forward_reward_weight: float = 1.0
    ctrl_cost_weight: float = 1e-4
    reset_noise_scale: float = 0.1
    exclude_current_positions_from_observation: bool = True

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Start near the initial pose."""
        return self.noisy_start(rng, self.reset_noise_scale, "uniform")

    def apply(self, batch: Batch, action: np.ndarray) -> None:
        """Set the torques and remember the position from which the step starts."""
        self._xy_before = batch.qpos[:, :2].copy()
        batch.ctrl[:] = action

    def observe(self, batch: Batch) -> NDArray[np.float64]:
        """Return positions without x and y, and velocities."""
        first = 2 * self.exclude_current_positions_from_observation
        return np.concatenate((batch.qpos[:, first:], batch.qvel), axis=1)

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
        """Return forward velocity minus control cost."""
        self._velocity = (batch.qpos[:, :2] - self._xy_before) / batch.dt
        self._forward = self.forward_reward_weight * self._velocity[:, 0]
        self._control_cost = self.ctrl_cost_weight * sum_of_squares(action)
        return self._forward - self._control_cost

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return position, velocity and the terms of the reward."""
        return planar_metrics(batch) | {
            "x_velocity": self._velocity[:, 0],
            "y_velocity": self._velocity[:, 1],
            "reward_forward": self._forward,
            "reward_ctrl": -self._control_cost,
        }

    def reset_metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the position."""
        return planar_metrics(batch)
