"""Hopper and Walker2d: walk forward in a plane without falling."""

from dataclasses import dataclass, field

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.gymnasium_tasks.base import GymnasiumTask, sum_of_squares
from rl_pipeline.envs.mujoco.task import Batch, FreeCamera

VELOCITY_LIMIT = 10.0
"""Observed velocities are clipped to this absolute value, m/s or rad/s."""


def _camera(distance: float) -> FreeCamera:
    return {"trackbodyid": 2, "distance": distance, "lookat": np.array((0.0, 0.0, 1.15)), "elevation": -20.0}


@dataclass(kw_only=True)
class PlanarWalker(GymnasiumTask):
    """A robot in the x-z plane that must keep its height and angle; qpos begins with x, z and the angle."""

    forward_reward_weight: float = 1.0
    ctrl_cost_weight: float = 1e-3
    healthy_reward: float = 1.0
    terminate_when_unhealthy: bool = True
    healthy_z_range: tuple[float, float]
    healthy_angle_range: tuple[float, float]
    reset_noise_scale: float = 5e-3
    exclude_current_positions_from_observation: bool = True

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Start near the initial pose."""
        return self.noisy_start(rng, self.reset_noise_scale, "uniform")

    def apply(self, batch: Batch, action: np.ndarray) -> None:
        """Set the torques and remember the position from which the step starts."""
        self._x_before = batch.qpos[:, 0].copy()
        batch.ctrl[:] = action

    def setup(self, model: mujoco.MjModel) -> None:
        """Return the ranges of a healthy robot in the order of the coordinates of `posture`."""
        super().setup(model)
        self._low, self._high = np.array([self.healthy_z_range, self.healthy_angle_range]).T

    def posture(self, batch: Batch) -> NDArray[np.float64]:
        """Return the coordinates that must stay in their ranges, height and angle first."""
        return batch.qpos[:, 1:3]

    def terminated(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which robots fell, if that ends the episode."""
        posture = self.posture(batch)
        self._healthy = ((self._low < posture) & (posture < self._high)).all(axis=1)
        return ~self._healthy if self.terminate_when_unhealthy else np.zeros(batch.n, np.bool_)

    def observe(self, batch: Batch) -> NDArray[np.float64]:
        """Return positions without x, and clipped velocities."""
        first = int(self.exclude_current_positions_from_observation)
        velocity = batch.qvel.clip(-VELOCITY_LIMIT, VELOCITY_LIMIT)
        return np.concatenate((batch.qpos[:, first:], velocity), axis=1)

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
        """Return forward velocity plus a bonus for being healthy minus control cost."""
        self._x_velocity = (batch.qpos[:, 0] - self._x_before) / batch.dt
        self._forward = self.forward_reward_weight * self._x_velocity
        self._survive = self._healthy * self.healthy_reward
        self._control_cost = self.ctrl_cost_weight * sum_of_squares(action)
        return self._forward + self._survive - self._control_cost

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return position, velocity and the terms of the reward."""
        return self.reset_metrics(batch) | {
            "x_velocity": self._x_velocity,
            "reward_forward": self._forward,
            "reward_ctrl": -self._control_cost,
            "reward_survive": self._survive,
        }

    def reset_metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the position and the height above the initial one."""
        return {
            "x_position": batch.qpos[:, 0],
            "z_distance_from_origin": batch.qpos[:, 1] - self.init_qpos[1],
        }


@dataclass(kw_only=True)
class Hopper(PlanarWalker):
    """`Hopper-v5` of Gymnasium."""

    xml_file: str = "hopper.xml"
    frame_skip: int = 4
    default_camera_config: FreeCamera | None = field(default_factory=lambda: _camera(3.0))
    healthy_state_range: tuple[float, float] = (-100.0, 100.0)
    healthy_z_range: tuple[float, float] = (0.7, float("inf"))
    healthy_angle_range: tuple[float, float] = (-0.2, 0.2)

    def setup(self, model: mujoco.MjModel) -> None:
        """Add the range of all positions and velocities but x and z."""
        super().setup(model)
        low, high = (np.full(model.nq - 1 + model.nv, limit) for limit in self.healthy_state_range)
        low[0], high[0] = self.healthy_z_range
        low[1], high[1] = max(low[1], self.healthy_angle_range[0]), min(high[1], self.healthy_angle_range[1])
        self._low, self._high = low, high

    def posture(self, batch: Batch) -> NDArray[np.float64]:
        """Return all positions but x, and all velocities."""
        return np.concatenate((batch.qpos[:, 1:], batch.qvel), axis=1)


@dataclass(kw_only=True)
class Walker2d(PlanarWalker):
    """`Walker2d-v5` of Gymnasium."""

    xml_file: str = "walker2d_v5.xml"
    frame_skip: int = 4
    default_camera_config: FreeCamera | None = field(default_factory=lambda: _camera(4.0))
    healthy_z_range: tuple[float, float] = (0.8, 2.0)
    healthy_angle_range: tuple[float, float] = (-1.0, 1.0)
