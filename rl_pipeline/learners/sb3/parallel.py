"""Models of Stable-Baselines3 that several ranks train together."""

from typing import Any, TypeVar

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.save_util import recursive_getattr
from torch import nn

from rl_pipeline.config.errors import Problem
from rl_pipeline.config.training import Training
from rl_pipeline.learners.parallel.ranks import Ranks
from rl_pipeline.learners.sb3 import internals
from rl_pipeline.learners.sb3.fast.off_policy import FastOffPolicy
from rl_pipeline.learners.sb3.fast.ppo import FastPPO

T = TypeVar("T")

ALGORITHMS = ("ppo", "sac", "td3", "tqc", "ddpg")
"""Algorithms that do not change a gradient before the optimizer's step, or whose steps are ours."""


def check_parallel(training: Training) -> list[Problem]:
    """Return the reasons why several ranks cannot train a configuration."""
    if training.algorithm not in ALGORITHMS:
        remedy = "start the training in one process, or choose another algorithm"
        message = "cannot be trained by several ranks"
        return [
            Problem("training.algorithm", message, training.algorithm, valid=list(ALGORITHMS), remedy=remedy)
        ]
    problems = []
    if training.algorithm == "ppo" and training.engine != "fast":
        message, remedy = (
            "several ranks train PPO only with the fast engine",
            "set training.engine: fast",
        )
        problems.append(Problem("training.engine", message, training.engine, valid=["fast"], remedy=remedy))
    frequency = training.algorithm_parameters.get("train_freq")
    if isinstance(frequency, list | tuple) and frequency[-1] == "episode":
        message = "ranks need iterations of the same length, but the lengths of episodes differ"
        key, remedy = "training.algorithm_parameters.train_freq", "give a number of environment steps"
        problems.append(Problem(key, message, frequency, remedy=remedy))
    return problems


def join(model: BaseAlgorithm, ranks: Ranks) -> None:
    """Copy the parameters of rank 0 to a new model, and let all ranks make the same updates from now on.

    Args:
        model: A model that `check_parallel` accepts.
        ranks: All ranks.

    Raises:
        ConfigError: The fast engine does not support the model, and Stable-Baselines3's loop cannot be used.
    """
    with torch.no_grad():
        for tensor, values in zip(tensors := _tensors(model), ranks.broadcast(_arrays(tensors)), strict=True):
            tensor.copy_(torch.from_numpy(values))
    if isinstance(model, FastPPO | FastOffPolicy):
        model.ranks = ranks
    if isinstance(model, FastPPO):
        model.require_fast_update()
    if isinstance(model, OffPolicyAlgorithm):
        for optimizer in _saved(model, torch.optim.Optimizer):
            average_before_steps(optimizer, ranks)


def average_before_steps(optimizer: torch.optim.Optimizer, ranks: Ranks) -> None:
    """Average the gradients of all ranks before each step of an optimizer of torch, in one call."""

    def average(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        gradients = [
            parameter.grad
            for group in optimizer.param_groups
            for parameter in group["params"]
            if parameter.grad is not None
        ]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients]).cpu()
        ranks.mean(flat.numpy())
        start = 0
        for gradient in gradients:
            gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
            start += gradient.numel()

    optimizer.register_step_pre_hook(average)


def _tensors(model: BaseAlgorithm) -> list[torch.Tensor]:
    modules = [tensor for module in _saved(model, nn.Module) for tensor in module.state_dict().values()]
    return [*modules, *_saved(model, torch.Tensor)]


def _arrays(tensors: list[torch.Tensor]) -> list[np.ndarray]:
    return [tensor.detach().cpu().numpy() for tensor in tensors]


def _saved(model: BaseAlgorithm, kind: type[T]) -> list[T]:
    """Return the modules, optimizers or tensors in `model.zip`."""
    modules, tensors = internals.names_in_model_zip(model)
    found = [recursive_getattr(model, name) for name in (*modules, *tensors)]
    return [value for value in found if isinstance(value, kind)]
