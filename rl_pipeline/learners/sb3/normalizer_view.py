"""View of our normalising wrappers for SB3's off-policy algorithms, in the form of its VecNormalize."""

from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.vec_transpose import VecTransposeImage

from rl_pipeline.learners.sb3 import internals
from rl_pipeline.learners.sb3.adapter import SB3Adapter
from rl_pipeline.wrappers.build import find_wrapper
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation
from rl_pipeline.wrappers.normalize_reward import NormalizeReward


class NormalizerView:
    """The methods of VecNormalize that SB3 calls: replay buffers store raw data and normalise their samples.

    Args:
        env: The environment with the normalising wrappers.
        vec_env: The model's environment, which may have moved the channels of images to the front.
    """

    def __init__(self, env: VectorEnv, vec_env: VecEnv) -> None:
        self.observation = find_wrapper(env, NormalizeObservation)
        self.reward = find_wrapper(env, NormalizeReward)
        self.vec_env = vec_env

    @property
    def is_needed(self) -> bool:
        """Whether anything is normalised at all."""
        return self.observation is not None or self.reward is not None

    def get_original_obs(self) -> Any:
        """Return the last observations of the environment, unchanged."""
        adapter = self.vec_env.unwrapped
        assert isinstance(adapter, SB3Adapter)
        raw = adapter.last_obs if self.observation is None else self.observation.raw_obs
        assert raw is not None
        if isinstance(self.vec_env, VecTransposeImage):
            return self.vec_env.transpose_observations(raw)
        return raw

    def get_original_reward(self) -> np.ndarray:
        """Return the last rewards of the environment, unchanged, float32 of shape (n,)."""
        adapter = self.vec_env.unwrapped
        assert isinstance(adapter, SB3Adapter)
        raw = adapter.last_rewards if self.reward is None else self.reward.raw_rewards
        return raw.astype(np.float32)

    def unnormalize_obs(self, observation: object) -> Any:
        """Return a final observation unchanged: with `use_raw_experience`, the adapter returns the raw one."""
        return observation

    def normalize_obs(self, observation: Any) -> Any:
        """Normalise a batch of raw observations with the current statistics."""
        return observation if self.observation is None else self.observation.normalize(observation)

    def normalize_reward(self, rewards: np.ndarray) -> np.ndarray:
        """Normalise a batch of raw rewards with the current statistics."""
        return rewards if self.reward is None else self.reward.normalize(rewards)


def use_raw_experience(model: BaseAlgorithm, env: VectorEnv) -> None:
    """Let an off-policy model store raw experience and normalise its samples, as with VecNormalize.

    Args:
        model: Any model; on-policy models use their experience at once and are not changed.
        env: The model's environment, below SB3's adapter.
    """
    assert model.env is not None
    view = NormalizerView(env, model.env)
    if isinstance(model, OffPolicyAlgorithm) and view.is_needed:
        internals.use_normalizer(model, view)
        adapter = model.env.unwrapped
        assert isinstance(adapter, SB3Adapter)
        adapter.raw_final_obs_of = view.observation
