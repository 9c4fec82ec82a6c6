"""The networks of SB3's off-policy policies, as functions of arrays."""

import math
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import torch
from gymnasium import spaces
from sb3_contrib.tqc import policies as tqc
from stable_baselines3.common.policies import ContinuousCritic
from stable_baselines3.common.torch_layers import CombinedExtractor
from stable_baselines3.sac import policies as sac
from stable_baselines3.td3 import policies as td3
from torch import nn

from rl_pipeline.learners.sb3.fast.coverage import NotCovered, check_observations
from rl_pipeline.learners.sb3.fast.functions import Array, Weights
from rl_pipeline.learners.sb3.fast.network import Network

LOG_STD_MIN, LOG_STD_MAX = -20, 2  # SB3's bounds of the actor's output
GaussianActor = Any  # of SAC or TQC; SB3 types its heads for gSDE, which is not covered
Critic = ContinuousCritic | tqc.Critic
OffPolicyPolicy = sac.SACPolicy | td3.TD3Policy | tqc.TQCPolicy


class _GaussianHeads(nn.Module):
    def __init__(self, actor: GaussianActor) -> None:
        super().__init__()
        self.latent = nn.Sequential(flat_extractor(actor.features_extractor), actor.latent_pi)
        self.mu, self.log_std = actor.mu, actor.log_std

    def forward(self, observations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        latent = self.latent(observations)
        return self.mu(latent), self.log_std(latent)


class _QNetworks(nn.Module):
    def __init__(self, critic: Critic) -> None:
        super().__init__()
        self.features = flat_extractor(critic.features_extractor)
        self.networks = nn.ModuleList(critic.q_networks)

    def forward(self, observations: torch.Tensor, actions: torch.Tensor) -> list[torch.Tensor]:
        both = torch.cat([self.features(observations), actions], dim=1)
        return [network(both) for network in self.networks]


class SquashedGaussianActor:
    """SAC's and TQC's actor: a Gaussian whose samples pass through tanh (arXiv:1801.01290, appendix C)."""

    def __init__(self, actor: GaussianActor) -> None:
        self.parameters = list(actor.parameters())
        self.action_dim: int = actor.mu.out_features
        self._network = Network(_GaussianHeads(actor))

    def sample(
        self, xp: ModuleType, weights: Sequence[Array], observations: Array, noise: Array
    ) -> tuple[Array, Array]:
        """Sample actions.

        Args:
            xp: `numpy` or `jax.numpy`.
            weights: One array per parameter.
            observations: Float32, shape (n, ...).
            noise: Standard normal, shape (n, action_dim).

        Returns:
            Actions in [-1, 1], shape (n, action_dim), and their log probabilities, shape (n,).
        """
        mean, log_std = self._network.bind(xp, by_parameter(self.parameters, weights))(observations)
        log_std = xp.clip(log_std, LOG_STD_MIN, LOG_STD_MAX)
        gaussian = mean + xp.exp(log_std) * noise
        decay = xp.exp(-2 * xp.abs(gaussian))
        slope = (
            4 * decay / (1 + decay) ** 2
        )  # 1 - tanh(x)^2, which from float32 tanh(x) would lose most digits
        log_prob = -(0.5 * noise * noise + log_std + 0.5 * math.log(2 * math.pi)).sum(axis=1)
        return xp.tanh(gaussian), log_prob - xp.log(slope + 1e-6).sum(axis=1)


class DeterministicActor:
    """TD3's actor."""

    def __init__(self, actor: td3.Actor) -> None:
        self.parameters = list(actor.parameters())
        self._network = Network(nn.Sequential(flat_extractor(actor.features_extractor), actor.mu))

    def actions(self, xp: ModuleType, weights: Sequence[Array], observations: Array) -> Array:
        """Return the actions in [-1, 1], shape (n, action_dim), for observations of shape (n, ...)."""
        return self._network.bind(xp, by_parameter(self.parameters, weights))(observations)


class Critics:
    """Several critics over observations and actions."""

    def __init__(self, critic: Critic) -> None:
        self.parameters = list(critic.parameters())
        self._network = Network(_QNetworks(critic))

    def values(self, xp: ModuleType, weights: Sequence[Array], observations: Array, actions: Array) -> Array:
        """Return the output of every critic, shape (n, n_critics, outputs)."""
        forward = self._network.bind(xp, by_parameter(self.parameters, weights))
        return xp.stack(forward(observations, actions), axis=1)


def by_parameter(parameters: list[nn.Parameter], weights: Sequence[Array]) -> Weights:
    """Pair parameters with their arrays."""
    return dict(zip(parameters, weights, strict=True))


def flat_keys(extractor: nn.Module) -> list[str]:
    """Return the parts of a dictionary that a features extractor concatenates; none for others."""
    return list(extractor.extractors) if isinstance(extractor, CombinedExtractor) else []


def flat_extractor(extractor: nn.Module) -> nn.Module:
    """Return a module that does the same for observations whose parts are already concatenated."""
    return nn.Flatten() if isinstance(extractor, CombinedExtractor) else extractor


def check_parts(extractor: nn.Module, space: spaces.Dict) -> None:
    """Raise `NotCovered` unless a features extractor only concatenates vectors of a dictionary."""
    if (
        not isinstance(extractor, CombinedExtractor)
        or type(extractor).forward is not CombinedExtractor.forward
    ):
        raise NotCovered(f"its {type(extractor).__name__} reads a dictionary of observations")
    for key, part in extractor.extractors.items():
        if type(part) is not nn.Flatten or not isinstance(space[key], spaces.Box):
            raise NotCovered(f"'{key}' of its observations is not a vector")


def check_policy(policy: OffPolicyPolicy, *covered: type[OffPolicyPolicy]) -> None:
    """Raise `NotCovered` unless a policy is a multilayer perceptron over vector observations on the CPU."""
    if isinstance(policy.observation_space, spaces.Dict):
        check_parts(policy.actor.features_extractor, policy.observation_space)
    else:
        check_observations(policy.observation_space)
    if type(policy) not in covered:
        names = " or ".join(policy_class.__name__ for policy_class in covered)
        raise NotCovered(f"its policy is a {type(policy).__name__}, not {names}")
    if policy.device.type != "cpu":
        raise NotCovered(f"it trains on {policy.device}")
    actor = policy.actor
    if policy.share_features_extractor and list(actor.features_extractor.parameters()):
        raise NotCovered("actor and critic share a features extractor that is trained")
    if getattr(actor, "use_sde", False):
        raise NotCovered("it explores with gSDE")
