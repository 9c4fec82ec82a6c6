"""Noise on the learner's observations."""

import numpy as np
from gymnasium.vector import VectorEnv

from rl_pipeline.policies.observations import Observation, map_parts
from rl_pipeline.wrappers.base import Infos, ResetOptions, StepResult
from rl_pipeline.wrappers.gaussian_noise import GaussianNoise
from rl_pipeline.wrappers.observations import float_boxes


class ObservationNoise(GaussianNoise):
    """Add Gaussian noise to observations, like sensors, including the last ones of an episode (`final_obs`).

    In Dict spaces the Box parts of a float dtype get noise; images and discrete parts pass unchanged. Noisy
    values may leave the bounds of the observation space.

    Args:
        env: The vector environment.
        std: Standard deviation, in the units of the observation; one number, or one per element of a Box.

    Raises:
        ValueError: `std` is negative or of the wrong size, or the space has no Box of a float dtype.
    """

    def __init__(self, env: VectorEnv, std: float | list[float]) -> None:
        super().__init__(env, std)
        boxes = float_boxes(env.single_observation_space, "ObservationNoise")
        self.check_size([box.shape for box in boxes.values()])
        self._keys = list(boxes)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: ResetOptions = None
    ) -> tuple[Observation, Infos]:
        """Reset the environments and return noisy first observations."""
        observation, infos = super().reset(seed=seed, options=options)
        return self._add_noise(observation), infos

    def step(self, actions: np.ndarray) -> StepResult:
        """Step the environments and return noisy observations."""
        observation, rewards, terminated, truncated, infos = self.env.step(actions)
        observation = self._add_noise(observation)
        if "final_obs" in infos:
            infos["final_obs"] = self._add_noise(infos["final_obs"])
        return observation, rewards, terminated, truncated, infos

    def _add_noise(self, observation: Observation) -> Observation:
        return map_parts(observation, self._keys, lambda _, part: self.noisy(part))
