"""SB3's actor-critic policy as a function of arrays."""

from collections.abc import Callable
from functools import cached_property, partial

import numpy as np
import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import nn

from rl_pipeline.learners.sb3.fast.coverage import NotCovered, check_observations
from rl_pipeline.learners.sb3.fast.distributions import ActionDistribution, distribution_of
from rl_pipeline.learners.sb3.fast.functions import Array, Weights
from rl_pipeline.learners.sb3.fast.jax_backend import load_jax
from rl_pipeline.learners.sb3.fast.network import Network, views

ONE_THREAD_VECTOR, ONE_THREAD_MATRIX = 9216, 2**18  # multiplications; OpenBLAS's limits for gemv and gemm


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

    def actor(self, n_envs: int) -> "BatchActor":
        """Return the policy with its present weights, for acting in this many environments.

        Raises:
            NotCovered: The network is large and JAX is not installed.
        """
        weights = views(self.policy)
        if fits_one_thread(self.policy, n_envs):
            return BatchActor(self.network.bind(np, weights), weights, self.distribution)
        on_device = load_jax().device_put(list(weights.values()))
        return BatchActor(partial(self._run_compiled, on_device, n_envs), weights, self.distribution)

    def _run_compiled(self, weights: list[Array], n_envs: int, observations: np.ndarray) -> list[np.ndarray]:
        """Compute the network for at most `n_envs` observations; each other number would recompile it."""
        n = len(observations)
        if n < n_envs:
            padding = [(0, n_envs - n), *[(0, 0)] * (observations.ndim - 1)]
            observations = np.pad(observations, padding)
        return [np.asarray(output)[:n] for output in self._compiled(weights, observations)]

    @cached_property
    def _compiled(self) -> Callable[..., Array]:
        jax, parameters = load_jax(), list(self.policy.parameters())

        def forward(weights: list[Array], observations: Array) -> Array:
            by_parameter: Weights = dict(zip(parameters, weights, strict=True))
            return self.network.bind(jax.numpy, by_parameter)(observations)

        return jax.jit(forward)


class BatchActor:
    """Acts for a batch of environments.

    Args:
        forward: The network as a function of float32 observations.
        weights: NumPy views of the policy's parameters.
        distribution: Distribution of the actions.
    """

    def __init__(
        self, forward: Callable[..., Array], weights: Weights, distribution: ActionDistribution
    ) -> None:
        self._forward, self._weights, self._distribution = forward, weights, distribution

    def act(self, observations: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sample actions.

        Args:
            observations: Shape (n, ...).

        Returns:
            Actions (n, action_dim) or (n,), values (n,) and log probabilities (n,).
        """
        head, values = map(np.asarray, self._forward(np.asarray(observations, np.float32)))
        actions = self._distribution.sample(head, self._weights)
        return actions, values[:, 0], self._distribution.log_prob(np, head, self._weights, actions)

    def values(self, observations: np.ndarray) -> np.ndarray:
        """Return the values, shape (n,), of observations of shape (n, ...)."""
        return np.asarray(self._forward(np.asarray(observations, np.float32))[1])[:, 0]


def fits_one_thread(policy: nn.Module, n_envs: int) -> bool:
    """Return whether NumPy's BLAS computes a policy's largest product for `n_envs` in the calling thread.

    OpenBLAS uses several threads for larger products, which then spin and take cores from simulator and update.
    """
    largest = max(parameter.numel() for parameter in policy.parameters())
    return largest < ONE_THREAD_VECTOR if n_envs == 1 else largest * n_envs <= ONE_THREAD_MATRIX
