"""Shows our normalising wrappers to SB3's off-policy algorithms in the form of its VecNormalize."""

from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

from rl_pipeline.wrappers.build import find_wrapper
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation
from rl_pipeline.wrappers.normalize_reward import NormalizeReward


class NormalizerView:
    """The five methods of VecNormalize that a replay buffer uses: it stores raw data and normalises what it samples.

    Args:
        observation: The wrapper that normalises observations, if there is one.
        reward: The wrapper that normalises rewards, if there is one.
    """

    def __init__(self, observation: NormalizeObservation | None, reward: NormalizeReward | None) -> None:
        self.observation = observation
        self.reward = reward

    @classmethod
    def of(cls, env: VectorEnv) -> "NormalizerView | None":
        """Make the view of an environment, or None where it normalises nothing."""
        observation, reward = find_wrapper(env, NormalizeObservation), find_wrapper(env, NormalizeReward)
        return cls(observation, reward) if observation or reward else None
