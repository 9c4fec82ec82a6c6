"""HalfCheetah: run forward in a plane."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.gymnasium_tasks.base import GymnasiumTask, sum_of_squares
from rl_pipeline.envs.mujoco.task import Batch, FreeCamera


@dataclass(kw_only=True)
class HalfCheetah(GymnasiumTask):
    """`HalfCheetah-v5` of Gymnasium."""

    xml_file: str = "half_cheetah.xml"
    frame_skip: int = 5
    default_camera_config: FreeCamera | None = field(default_factory=lambda: {"distance": 4.0})
    forward_reward_weight: float = 1.0
    ctrl_cost_weight: float = 0.1
    reset_noise_scale: float = 0.1
    exclude_current_positions_from_observation: bool = True

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Start near the initial pose."""
        return self.noisy_start(rng, self.reset_noise_scale, "normal")

    def apply(self, batch: Batch, action: np.ndarray) -> None:
        """Set the torques and remember the position from which the step starts."""
        self._x_before = batch.qpos[:, 0].copy()
        batch.ctrl[:] = action

    def observe(self, batch: Batch) -> NDArray[np.float64]:
        """Return positions without x, and velocities."""
        first = int(self.exclude_current_positions_from_observation)
        return np.concatenate((batch.qpos[:, first:], batch.qvel), axis=1)

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
        """Return forward velocity minus control cost."""
        self._x_velocity = (batch.qpos[:, 0] - self._x_before) / batch.dt
        self._forward = self.forward_reward_weight * self._x_velocity
        self._control_cost = self.ctrl_cost_weight * sum_of_squares(action)
        return self._forward - self._control_cost

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return position, velocity and the terms of the reward."""
        return {
            "x_position": batch.qpos[:, 0],
            "x_velocity": self._x_velocity,
            "reward_forward": self._forward,
            "reward_ctrl": -self._control_cost,
        }

    def reset_metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the position."""
        return {"x_position": batch.qpos[:, 0]}
