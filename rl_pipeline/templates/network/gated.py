import torch

from rl_pipeline.models.feature_extractors.base_extractor import BaseFeaturesExtractor


class Gated(BaseFeaturesExtractor):
    """Features that the observation itself switches on and off."""

    def __init__(self, observation_space, features_dim=64):
        super().__init__(observation_space, features_dim)
        [size] = observation_space.shape
        self.values = torch.nn.Sequential(torch.nn.Linear(size, features_dim), torch.nn.Tanh())
        self.gates = torch.nn.Sequential(torch.nn.Linear(size, features_dim), torch.nn.Sigmoid())

    def forward(self, observations):
        return self.values(observations) * self.gates(observations)
