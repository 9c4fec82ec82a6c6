"""Residual network for vector observations."""

import gymnasium
import torch
from gymnasium.spaces.utils import flatdim
from torch import nn

from rl_pipeline.models.blocks.residual import ResidualBlock
from rl_pipeline.models.feature_extractors.base_extractor import BaseFeaturesExtractor


class ResnetMLP(BaseFeaturesExtractor):
    """A linear layer, residual blocks and a linear layer over the flattened observation.

    Args:
        observation_space: Space of one observation; it is flattened.
        features_dim: Number of features returned.
        width: Number of features inside the residual blocks; by default `features_dim`.
        n_blocks: Number of residual blocks.
    """

    def __init__(
        self,
        observation_space: gymnasium.Space,
        features_dim: int = 128,
        width: int | None = None,
        n_blocks: int = 2,
    ) -> None:
        super().__init__(observation_space, features_dim)
        width = width or features_dim
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(flatdim(observation_space), width),
            nn.LeakyReLU(),
            *(ResidualBlock(width) for _ in range(n_blocks)),
            nn.Linear(width, features_dim),
            nn.LeakyReLU(),
        )

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Map observations of shape (batch, ...) to features of shape (batch, features_dim)."""
        return self.layers(observations)
