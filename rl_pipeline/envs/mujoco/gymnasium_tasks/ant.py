"""Ant: walk forward on four legs."""

from dataclasses import dataclass, field

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.gymnasium_tasks.base import GymnasiumTask, planar_metrics, sum_of_squares
from rl_pipeline.envs.mujoco.task import Batch, FreeCamera


@dataclass(kw_only=True)
class Ant(GymnasiumTask):
    """`Ant-v5` of Gymnasium."""

    contact_forces = True

    xml_file: str = "ant.xml"
    frame_skip: int = 5
    default_camera_config: FreeCamera | None = field(default_factory=lambda: {"distance": 4.0})
    forward_reward_weight: float = 1
    ctrl_cost_weight: float = 0.5
    contact_cost_weight: float = 5e-4
    healthy_reward: float = 1.0
    main_body: int | str = 1
    terminate_when_unhealthy: bool = True
    healthy_z_range: tuple[float, float] = (0.2, 1.0)
    contact_force_range: tuple[float, float] = (-1.0, 1.0)
    reset_noise_scale: float = 0.1
    exclude_current_positions_from_observation: bool = True
    include_cfrc_ext_in_observation: bool = True

    def setup(self, model: mujoco.MjModel) -> None:
        """Look up the body whose velocity is rewarded."""
        super().setup(model)
        self._body = model.body(self.main_body).id

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Start near the initial pose."""
        return self.noisy_start(rng, self.reset_noise_scale, "normal")

    def apply(self, batch: Batch, action: np.ndarray) -> None:
        """Set the torques and remember the position from which the step starts."""
        self._xy_before = batch.xpos[:, self._body, :2].copy()
        batch.ctrl[:] = action

    def observe(self, batch: Batch) -> NDArray[np.float64]:
        """Return positions without x and y, velocities, and clipped contact forces on the bodies."""
        parts = [batch.qpos[:, 2 * self.exclude_current_positions_from_observation :], batch.qvel]
        if self.include_cfrc_ext_in_observation:
            forces = batch.cfrc_ext[:, 1:].clip(*self.contact_force_range)
            parts.append(forces.reshape(batch.n, -1))
        return np.concatenate(parts, axis=1)

    def terminated(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which robots fell or jumped too high, if that ends the episode."""
        min_z, max_z = self.healthy_z_range
        z = batch.qpos[:, 2]
        finite = np.isfinite(batch.qpos).all(axis=1) & np.isfinite(batch.qvel).all(axis=1)
        self._healthy = finite & (min_z <= z) & (z <= max_z)
        return ~self._healthy if self.terminate_when_unhealthy else np.zeros(batch.n, np.bool_)

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
        """Return forward velocity plus a bonus for being healthy minus control and contact costs."""
        self._velocity = (batch.xpos[:, self._body, :2] - self._xy_before) / batch.dt
        self._forward = self._velocity[:, 0] * self.forward_reward_weight
        self._survive = self._healthy * self.healthy_reward
        self._control_cost = self.ctrl_cost_weight * sum_of_squares(action)
        forces = batch.cfrc_ext.clip(*self.contact_force_range).reshape(batch.n, -1)
        self._contact_cost = self.contact_cost_weight * sum_of_squares(forces)
        return self._forward + self._survive - (self._control_cost + self._contact_cost)

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return position, velocity and the terms of the reward."""
        return planar_metrics(batch) | {
            "x_velocity": self._velocity[:, 0],
            "y_velocity": self._velocity[:, 1],
            "reward_forward": self._forward,
            "reward_ctrl": -self._control_cost,
            "reward_contact": -self._contact_cost,
            "reward_survive": self._survive,
        }

    def reset_metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the position."""
        return planar_metrics(batch)
