"""Noise on the robot's actions."""

import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv

from rl_pipeline.wrappers.base import StepResult
from rl_pipeline.wrappers.gaussian_noise import GaussianNoise


class ActionNoise(GaussianNoise):
    """Add Gaussian noise to actions, as actuators do, and clip them to the action space's bounds.

    Args:
        env: The vector environment.
        std: Standard deviation, in the units of the action; one number, or one per element.

    Raises:
        ValueError: `std` is negative or of the wrong size, or the action space is not a Box of a float dtype.
    """

    def __init__(self, env: VectorEnv, std: float | list[float]) -> None:
        super().__init__(env, std)
        space = env.single_action_space
        if not (isinstance(space, spaces.Box) and np.issubdtype(space.dtype, np.floating)):
            raise ValueError(f"ActionNoise needs a Box of a float dtype as action space, got {space}")
        self.check_size([space.shape])
        self._low, self._high = space.low, space.high

    def step(self, actions: np.ndarray) -> StepResult:
        """Step the environments with noisy actions."""
        return self.env.step(np.clip(self.noisy(np.asarray(actions)), self._low, self._high))
