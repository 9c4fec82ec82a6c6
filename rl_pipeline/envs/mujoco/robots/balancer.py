"""A robot on two wheels that drives forward without falling over."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.task import Batch, Task


class Balancer(Task):
    """Stay upright and drive at a target speed."""

    model = Path(__file__).with_name("balancer.xml")
    frame_skip = 4
    max_episode_steps = 500
    camera_name = "track"

    def __init__(self, target_speed: float = 0.5) -> None:
        self.target_speed = target_speed  # m/s

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Start with a random lean of up to 0.1 rad."""
        lean = rng.uniform(-0.1, 0.1)
        return {"qpos": np.array([0, 0, 0.08, np.cos(lean / 2), 0, np.sin(lean / 2), 0, 0, 0])}

    def observe(self, batch: Batch) -> NDArray[np.float64]:
        """Return the measurements of the robot's own sensors."""
        return batch.sensordata

    def terminated(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which robots lean by more than 45 degrees."""
        return batch.sensor("up")[:, 2] < np.cos(np.pi / 4)

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.float64]:
        """Return up to one for the target speed, minus a cost of effort."""
        self.speed = batch.sensor("velocity")[:, 0].copy()
        return np.exp(-4.0 * (self.speed - self.target_speed) ** 2) - 0.05 * np.square(action).sum(axis=1)

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the forward speed."""
        return {"speed": self.speed}
