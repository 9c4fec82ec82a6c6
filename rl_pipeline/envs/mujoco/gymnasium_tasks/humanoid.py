"""Humanoid and HumanoidStandup: walk forward, or get up from the ground."""

from dataclasses import dataclass, field

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.gymnasium_tasks.base import GymnasiumTask, planar_metrics, sum_of_squares
from rl_pipeline.envs.mujoco.task import Batch, FreeCamera


def _camera(height: float) -> FreeCamera:
    return {"trackbodyid": 1, "distance": 4.0, "lookat": np.array((0.0, 0.0, height)), "elevation": -20.0}


def _contact_cost(batch: Batch, weight: float, limits: tuple[float, float]) -> NDArray[np.float64]:
    return (weight * sum_of_squares(batch.cfrc_ext.reshape(batch.n, -1))).clip(*limits)


def _tendons(batch: Batch) -> dict[str, NDArray[np.float64]]:
    return {"tendon_length": batch.ten_length, "tendon_velocity": batch.ten_velocity}


@dataclass(kw_only=True)
class HumanoidBody(GymnasiumTask):
    """Observations and initial states of both humanoid tasks."""

    contact_forces = True

    reset_noise_scale: float = 1e-2
    exclude_current_positions_from_observation: bool = True
    include_cinert_in_observation: bool = True
    include_cvel_in_observation: bool = True
    include_qfrc_actuator_in_observation: bool = True
    include_cfrc_ext_in_observation: bool = True

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Start near the initial pose."""
        return self.noisy_start(rng, self.reset_noise_scale, "uniform")

    def observe(self, batch: Batch) -> NDArray[np.float64]:
        """Return positions without x and y, velocities, and inertias, velocities and forces of the bodies."""
        parts = [batch.qpos[:, 2 * self.exclude_current_positions_from_observation :], batch.qvel]
        if self.include_cinert_in_observation:
            parts.append(batch.cinert[:, 1:].reshape(batch.n, -1))
        if self.include_cvel_in_observation:
            parts.append(batch.cvel[:, 1:].reshape(batch.n, -1))
        if self.include_qfrc_actuator_in_observation:
            parts.append(batch.qfrc_actuator[:, 6:])
        if self.include_cfrc_ext_in_observation:
            parts.append(batch.cfrc_ext[:, 1:].reshape(batch.n, -1))
        return np.concatenate(parts, axis=1)


@dataclass(kw_only=True)
class Humanoid(HumanoidBody):
    """`Humanoid-v5` of Gymnasium."""

    xml_file: str = "humanoid.xml"
    frame_skip: int = 5
    default_camera_config: FreeCamera | None = field(default_factory=lambda: _camera(2.0))
    forward_reward_weight: float = 1.25
    ctrl_cost_weight: float = 0.1
    contact_cost_weight: float = 5e-7
    contact_cost_range: tuple[float, float] = (-np.inf, 10.0)
    healthy_reward: float = 5.0
    terminate_when_unhealthy: bool = True
    healthy_z_range: tuple[float, float] = (1.0, 2.0)

    def setup(self, model: mujoco.MjModel) -> None:
        """Compute each body's share of the mass."""
        super().setup(model)
        self._masses, self._total_mass = model.body_mass.copy(), model.body_mass.sum()

    def apply(self, batch: Batch, action: np.ndarray) -> None:
        """Set the torques and remember the centre of mass from which the step starts."""
        self._xy_before = self._centre_of_mass(batch)
        batch.ctrl[:] = action

    def terminated(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which robots fell, if that ends the episode."""
        min_z, max_z = self.healthy_z_range
        z = batch.qpos[:, 2]
        self._healthy = (min_z < z) & (z < max_z)
        return ~self._healthy if self.terminate_when_unhealthy else np.zeros(batch.n, np.bool_)

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
        """Return forward velocity plus a bonus for being healthy minus control and contact costs."""
        self._velocity = (self._centre_of_mass(batch) - self._xy_before) / batch.dt
        self._forward = self.forward_reward_weight * self._velocity[:, 0]
        self._survive = self._healthy * self.healthy_reward
        self._control_cost = self.ctrl_cost_weight * sum_of_squares(batch.ctrl)
        self._contact_cost = _contact_cost(batch, self.contact_cost_weight, self.contact_cost_range)
        return self._forward + self._survive - (self._control_cost + self._contact_cost)

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return position, velocity, tendons and the terms of the reward."""
        return self.reset_metrics(batch) | {
            "x_velocity": self._velocity[:, 0],
            "y_velocity": self._velocity[:, 1],
            "reward_survive": self._survive,
            "reward_forward": self._forward,
            "reward_ctrl": -self._control_cost,
            "reward_contact": -self._contact_cost,
        }

    def reset_metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return position and tendons."""
        return planar_metrics(batch) | _tendons(batch)

    def _centre_of_mass(self, batch: Batch) -> NDArray[np.float64]:
        return self._masses @ batch.xipos[:, :, :2] / self._total_mass


@dataclass(kw_only=True)
class HumanoidStandup(HumanoidBody):
    """`HumanoidStandup-v5` of Gymnasium."""

    xml_file: str = "humanoidstandup.xml"
    frame_skip: int = 5
    default_camera_config: FreeCamera | None = field(default_factory=lambda: _camera(0.8925))
    uph_cost_weight: float = 1
    """Accepted, as in Gymnasium, but has no effect there."""
    ctrl_cost_weight: float = 0.1
    impact_cost_weight: float = 0.5e-6
    impact_cost_range: tuple[float, float] = (-np.inf, 10.0)

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
        """Return the height of the torso over the timestep, minus control and impact costs, plus one."""
        self._upward = batch.qpos[:, 2] / batch.model.opt.timestep
        self._control_cost = self.ctrl_cost_weight * sum_of_squares(batch.ctrl)
        self._impact_cost = _contact_cost(batch, self.impact_cost_weight, self.impact_cost_range)
        return self._upward - self._control_cost - self._impact_cost + 1

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return position, tendons and the terms of the reward."""
        return self.reset_metrics(batch) | {
            "reward_linup": self._upward,
            "reward_quadctrl": -self._control_cost,
            "reward_impact": -self._impact_cost,
        }

    def reset_metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the position, the height above the initial one, and tendons."""
        return {
            "x_position": batch.qpos[:, 0],
            "y_position": batch.qpos[:, 1],
            "z_distance_from_origin": batch.qpos[:, 2] - self.init_qpos[2],
        } | _tendons(batch)
