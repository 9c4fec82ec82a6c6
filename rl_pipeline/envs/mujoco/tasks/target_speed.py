"""HalfCheetah at a target speed, which it observes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.gymnasium_tasks.half_cheetah import HalfCheetah
from rl_pipeline.envs.mujoco.task import Batch

TARGET = "target_speed"


@dataclass(kw_only=True)
class TargetSpeed(HalfCheetah):
    """Run at the speed that is drawn for the episode; the speed is the last number of the observation.

    The reward is `target - |speed - target|` minus the control cost of HalfCheetah.
    """

    target_speeds: Sequence[float] = (2.0,)
    """Speeds in m/s, one of which is drawn for every episode."""

    def __post_init__(self) -> None:
        """Check the speeds.

        Raises:
            ValueError: The list is empty, or a speed is not a finite number.
        """
        speeds = np.asarray(self.target_speeds, np.float64)
        if speeds.ndim != 1 or not len(speeds) or not np.isfinite(speeds).all():
            raise ValueError(
                f"target_speeds must be a list of at least one finite number: {self.target_speeds}"
            )
        self._speeds = speeds

    def load_model(self) -> mujoco.MjModel:
        """Compile the model with `userdata` for the target speed."""
        spec = mujoco.MjSpec.from_file(str(self.model_file()))
        spec.nuserdata = 1
        return spec.compile()

    def observation_names(self, model: mujoco.MjModel) -> Mapping[str, tuple[str, ...]]:
        """Return the names, including the target speed."""
        [(key, names)] = super().observation_names(model).items()
        return {key: (*names[:-1], TARGET)}

    def units(self, model: mujoco.MjModel) -> Mapping[str, str]:
        """Return the units, including that of the target speed."""
        return {**super().units(model), TARGET: "m/s"}

    def reset(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Start near the initial pose, with one of the speeds."""
        return {**super().reset(rng), "userdata": rng.choice(self._speeds, 1)}

    def observe(self, batch: Batch) -> NDArray[np.float64]:
        """Return positions without x, velocities, and the target speed."""
        return np.concatenate((super().observe(batch), batch.userdata), axis=1)

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
        """Return the target speed minus the distance from it and the control cost."""
        super().reward(batch, action)
        target = batch.userdata[:, 0]
        self._forward = self.forward_reward_weight * (target - np.abs(self._x_velocity - target))
        return self._forward - self._control_cost

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the metrics, including the target speed."""
        return {**super().metrics(batch), TARGET: batch.userdata[:, 0]}
