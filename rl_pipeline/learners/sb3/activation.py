"""Activation functions between the hidden layers of a policy's networks."""

import inspect

from stable_baselines3.common.policies import BasePolicy
from torch import nn

from rl_pipeline.config.architecture import Architecture
from rl_pipeline.config.errors import Problem
from rl_pipeline.models.blocks.layer_norm import with_layer_norm
from rl_pipeline.models.registry import ARCHITECTURE, find_activation

ARGUMENT = "activation_fn"


def hidden_activation(
    architecture: Architecture, policy_class: type[BasePolicy]
) -> type[nn.Module] | Problem | None:
    """Return the class to use between hidden layers, with normalisation if it is configured.

    Args:
        architecture: The section `training.architecture`.
        policy_class: The policy that gets it.

    Returns:
        None leaves the choice to the policy.
    """
    found = find_activation(architecture.activation_fn) if architecture.activation_fn is not None else None
    if not architecture.layer_norm or isinstance(found, Problem):
        return found
    default = default_activation(policy_class)
    return default if isinstance(default, Problem) else with_layer_norm(found or default)


def default_activation(policy_class: type[BasePolicy]) -> type[nn.Module] | Problem:
    """Return the policy's default activation; a problem if the policy has no such argument."""
    parameter = inspect.signature(policy_class).parameters.get(ARGUMENT)
    if parameter is not None and isinstance(parameter.default, type):
        return parameter.default
    return Problem(
        key=f"{ARCHITECTURE}.layer_norm",
        message=f"{policy_class.__name__} has no argument {ARGUMENT}, which layer normalisation needs",
        value=True,
        valid=["false"],
        remedy="leave it out, or choose a policy with hidden layers",
    )
