"""The action distributions of SB3's on-policy policies over arrays (`xp` is `numpy` or `jax.numpy`).

Samples are drawn from torch's global generator with SB3's calls: the same seed results in the same actions.
"""

import math
from types import ModuleType
from typing import Protocol

import numpy as np
import torch
from stable_baselines3.common import distributions as sb3
from stable_baselines3.common.policies import ActorCriticPolicy

from rl_pipeline.learners.sb3.fast.coverage import NotCovered
from rl_pipeline.learners.sb3.fast.functions import Array, Weights

LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


class ActionDistribution(Protocol):
    """A family of distributions over a batch of actions, whose parameters are the output of the action network."""

    def sample(self, head: np.ndarray, weights: Weights) -> np.ndarray:
        """Draw actions of shape (n, action_dim), or (n,) for one discrete action."""

    def log_prob(self, xp: ModuleType, head: Array, weights: Weights, actions: Array) -> Array:
        """Return the log probabilities, shape (n,), of actions of shape (n, action_dim)."""

    def entropy(self, xp: ModuleType, head: Array, weights: Weights) -> Array:
        """Return the entropies, shape (n,) or () where they are equal for all."""


class Gaussian:
    """Independent Gaussians with a standard deviation that does not depend on the observation."""

    def __init__(self, log_std: torch.nn.Parameter) -> None:
        self.log_std = log_std

    def sample(self, head: np.ndarray, weights: Weights) -> np.ndarray:
        """Draw actions of shape (n, action_dim)."""
        return head + torch.empty(head.shape).normal_().numpy() * np.exp(weights[self.log_std])

    def log_prob(self, xp: ModuleType, head: Array, weights: Weights, actions: Array) -> Array:
        """Return the log probabilities of actions, shape (n,)."""
        log_std = weights[self.log_std]
        deviation = (actions - head) / xp.exp(log_std)
        return -(0.5 * deviation * deviation + (log_std + LOG_SQRT_2PI)).sum(axis=1)

    def entropy(self, xp: ModuleType, head: Array, weights: Weights) -> Array:
        """Return the entropy that all states share, shape ()."""
        return (weights[self.log_std] + (0.5 + LOG_SQRT_2PI)).sum()


class Categoricals:
    """One or several independent choices; the action network outputs their logits side by side.

    Args:
        sizes: Number of options of each choice.
        flat: Whether sampled actions have the shape (n,), as for `Discrete` spaces.
    """

    def __init__(self, sizes: list[int], *, flat: bool) -> None:
        self.bounds = np.cumsum([0, *sizes])
        self.flat = flat

    def _log_probabilities(self, xp: ModuleType, head: Array) -> list[Array]:
        parts = [head[:, start:stop] for start, stop in zip(self.bounds, self.bounds[1:], strict=False)]
        shifted = [part - part.max(axis=1, keepdims=True) for part in parts]
        return [part - xp.log(xp.exp(part).sum(axis=1, keepdims=True)) for part in shifted]

    def sample(self, head: np.ndarray, weights: Weights) -> np.ndarray:
        """Draw int64 actions of shape (n, number of choices), or (n,)."""
        probabilities = [torch.from_numpy(np.exp(part)) for part in self._log_probabilities(np, head)]
        actions = torch.cat(
            [torch.multinomial(part, 1, replacement=True) for part in probabilities], dim=1
        ).numpy()
        return actions[:, 0] if self.flat else actions

    def log_prob(self, xp: ModuleType, head: Array, weights: Weights, actions: Array) -> Array:
        """Return the log probabilities, shape (n,), of actions of shape (n, number of choices)."""
        actions = actions.reshape(len(head), -1).astype(np.int32)
        chosen = [
            xp.take_along_axis(part, actions[:, i : i + 1], axis=1)
            for i, part in enumerate(self._log_probabilities(xp, head))
        ]
        return xp.concatenate(chosen, axis=1).sum(axis=1)

    def entropy(self, xp: ModuleType, head: Array, weights: Weights) -> Array:
        """Return the entropies, shape (n,)."""
        return -sum((xp.exp(part) * part).sum(axis=1) for part in self._log_probabilities(xp, head))


class Bernoullis:
    """Independent binary actions; the action network outputs their logits."""

    def sample(self, head: np.ndarray, weights: Weights) -> np.ndarray:
        """Draw actions 0.0 and 1.0 of shape (n, action_dim)."""
        return torch.bernoulli(torch.sigmoid(torch.tensor(head))).numpy()

    def log_prob(self, xp: ModuleType, head: Array, weights: Weights, actions: Array) -> Array:
        """Return the log probabilities of actions, shape (n,)."""
        return (actions.astype(np.float32) * head - xp.logaddexp(head, np.float32(0))).sum(axis=1)

    def entropy(self, xp: ModuleType, head: Array, weights: Weights) -> Array:
        """Return the entropies, shape (n,)."""
        softplus = xp.logaddexp(head, np.float32(0))
        return (softplus - head * xp.exp(head - softplus)).sum(axis=1)


def distribution_of(policy: ActorCriticPolicy) -> ActionDistribution:
    """Return the action distribution of a policy.

    Raises:
        NotCovered: The distribution is state-dependent or unknown.
    """
    distribution = policy.action_dist
    if type(distribution) is sb3.DiagGaussianDistribution:
        return Gaussian(policy.log_std)
    if type(distribution) is sb3.CategoricalDistribution:
        return Categoricals([int(distribution.action_dim)], flat=True)
    if type(distribution) is sb3.MultiCategoricalDistribution:
        return Categoricals([int(size) for size in distribution.action_dims], flat=False)
    if type(distribution) is sb3.BernoulliDistribution:
        return Bernoullis()
    raise NotCovered(f"its action distribution is a {type(distribution).__name__}")
