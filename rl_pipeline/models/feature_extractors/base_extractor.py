"""Base class of the feature extractors."""

import gymnasium
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor as SB3FeaturesExtractor


class BaseFeaturesExtractor(SB3FeaturesExtractor):
    """Maps a batch of observations to features of shape (batch, features_dim).

    A subclass calls `super().__init__(observation_space, features_dim)`, makes its layers and implements `forward`.

    Args:
        observation_space: The observation space of one environment, images as (channels, height, width).
        features_dim: Number of features that `forward` returns per observation.
    """

    def __init__(self, observation_space: gymnasium.Space, features_dim: int = 64) -> None:
        super().__init__(observation_space, features_dim)
