"""SB3's actor-critic policy as a function of arrays."""

import numpy as np
import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import nn

from rl_pipeline.algorithms.fast.coverage import NotCovered, check_observations
from rl_pipeline.algorithms.fast.distributions import distribution_of
from rl_pipeline.algorithms.fast.network import Network, views


class _Heads(nn.Module):
    """Output of the action network and value of a policy, as one module to trace."""

    def __init__(self, policy: ActorCriticPolicy) -> None:
        super().__init__()
        self.shared = policy.share_features_extractor
        self.pi_features, self.vf_features = policy.pi_features_extractor, policy.vf_features_extractor
        self.pi = nn.Sequential(policy.mlp_extractor.policy_net, policy.action_net)
        self.vf = nn.Sequential(policy.mlp_extractor.value_net, policy.value_net)

    def forward(self, observations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.pi_features(observations)
        return self.pi(features), self.vf(features if self.shared else self.vf_features(observations))


class ActorCritic:
    """The network and the action distribution of a policy.

    Attributes:
        network: Function of float32 observations; returns the action network's output (n, k) and the values (n, 1).
        distribution: Distribution of the actions.

    Raises:
        NotCovered: The policy is not a multilayer perceptron over vector observations on the CPU.
    """

    def __init__(self, policy: ActorCriticPolicy) -> None:
        check_observations(policy.observation_space)
        if type(policy) is not ActorCriticPolicy:
            raise NotCovered(f"its policy is a {type(policy).__name__}, not ActorCriticPolicy")
        if policy.device.type != "cpu":
            raise NotCovered(f"it trains on {policy.device}")
        self.policy = policy
        self.distribution = distribution_of(policy)
        self.network = Network(_Heads(policy))

    def actor(self) -> "BatchActor":
        """Give the policy with its present weights, for acting."""
        return BatchActor(self)


class BatchActor:
    """Acts for a batch of environments in NumPy; follows changes of the weights in place."""

    def __init__(self, model: ActorCritic) -> None:
        self._weights = views(model.policy)
        self._forward = model.network.bind(np, self._weights)
        self._distribution = model.distribution

    def act(self, observations: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sample actions.

        Args:
            observations: Shape (n, ...).

        Returns:
            Actions (n, action_dim) or (n,), values (n,) and log probabilities (n,).
        """
        head, values = self._forward(np.asarray(observations, np.float32))
        actions = self._distribution.sample(head, self._weights)
        return actions, values[:, 0], self._distribution.log_prob(np, head, self._weights, actions)

    def values(self, observations: np.ndarray) -> np.ndarray:
        """Give the values, shape (n,), of observations of shape (n, ...)."""
        return self._forward(np.asarray(observations, np.float32))[1][:, 0]
