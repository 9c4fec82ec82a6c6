"""The options of `training.off_policy` in Stable-Baselines3's loops; `fast` has them in its compiled steps."""

from functools import cache, partial
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.td3.policies import Actor
from torch import nn

from rl_pipeline.config.off_policy import OffPolicy
from rl_pipeline.models.rotation_head import RotationHead


class RandomActions(OffPolicyAlgorithm):
    """Mixin for any algorithm that takes uniformly random actions with a probability."""

    options: OffPolicy

    def _sample_action(
        self, learning_starts: int, action_noise: ActionNoise | None = None, n_envs: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        actions, scaled = super()._sample_action(learning_starts, action_noise, n_envs)
        rng = self.action_space.np_random  # its state is saved with the run
        chosen = rng.random(n_envs) < self.options.random_actions
        if not chosen.any():
            return actions, scaled
        drawn = rng.uniform(-1, 1, scaled.shape).astype(scaled.dtype)
        scaled = np.where(chosen.reshape(-1, *[1] * (scaled.ndim - 1)), drawn, scaled)
        return self.policy.unscale_action(scaled), scaled

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "options"]


@cache
def exploring(model_class: type[BaseAlgorithm]) -> type[BaseAlgorithm]:
    """Return a subclass of an off-policy algorithm with `RandomActions`, under the same name."""
    return type(model_class.__name__, (RandomActions, model_class), {"__doc__": model_class.__doc__})


def limit_learning(model: OffPolicyAlgorithm, options: OffPolicy) -> None:
    """Clip target values and gradients of a model, and penalise its actions, in SB3's own gradient steps.

    Args:
        model: A model whose ranks have joined, since their gradients are averaged before they are clipped.
        options: The options.
    """
    networks: Any = model  # SB3 has no type for algorithms with an actor and critics
    value_range = options.value_range(model.gamma)
    if value_range is not None:
        networks.critic_target.register_forward_hook(partial(_clip_values, value_range))
    if options.action_penalty:
        hook = partial(_pull_to_zero, options.action_penalty)
        _squashed(networks.actor).register_forward_hook(hook)
    if options.max_grad_norm is not None:
        for network in (networks.actor, networks.critic):
            network.optimizer.register_step_pre_hook(partial(_clip_gradients, options.max_grad_norm))


def _squashed(actor: Actor) -> nn.Module:
    """Return the module whose outputs are the actions in [-1, 1], before the conversion to a rotation matrix."""
    return actor.mu[-2] if isinstance(actor.mu[-1], RotationHead) else actor


def _clip_values(value_range: tuple[float, float], _module: nn.Module, _inputs: Any, values: Any) -> Any:
    if isinstance(values, tuple):
        return tuple(part.clamp(*value_range) for part in values)
    return values.clamp(*value_range)


def _pull_to_zero(factor: float, _module: nn.Module, _inputs: Any, actions: torch.Tensor) -> None:
    """Add the gradient of `factor * (actions ** 2).mean()` to that of the loss."""
    if actions.requires_grad:
        pull = 2 * factor / actions.numel() * actions.detach()
        actions.register_hook(lambda gradient: gradient + pull)


def _clip_gradients(max_norm: float, optimizer: torch.optim.Optimizer, *_: Any) -> None:
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    nn.utils.clip_grad_norm_(parameters, max_norm)
