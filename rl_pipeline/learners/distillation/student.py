"""The student: selected inputs, a network for sequences, and the conversion of its outputs to actions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from rl_pipeline.config.distillation import Distillation
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.learners.acting_network import Tensors
from rl_pipeline.learners.distillation.models import find_model

LOG_STD = -5.0, 2.0
"""Smallest and largest logarithm of a standard deviation, in units of half the range of an action."""


class Prediction(NamedTuple):
    """Predictions of a student for each step, in units of half the range of the actions.

    Attributes:
        means: (n, T, numbers of an action).
        log_std: Logarithms of the standard deviations, of the same shape; None for a deterministic head.
        memory: Memory after the last step.
    """

    means: Tensor
    log_std: Tensor | None
    memory: Tensors


class Student(nn.Module):
    """A network and its head.

    Actions with limits are in units of half their range, relative to its middle.

    Args:
        settings: The section `training.distillation`.
        n_observed: Numbers in a flat observation.
        action: Space of an action.

    Attributes:
        model: The network.
    """

    def __init__(self, settings: Distillation, n_observed: int, action: spaces.Box) -> None:
        super().__init__()
        chosen = list(range(n_observed)) if settings.inputs is None else settings.inputs
        if max(chosen) >= n_observed:
            valid = [f"0 to {n_observed - 1}"]
            raise ConfigError(
                [
                    Problem(
                        "training.distillation.inputs",
                        "is not a position in the observation",
                        max(chosen),
                        valid,
                    )
                ]
            )
        self.register_buffer("chosen", torch.tensor(chosen), persistent=False)
        low, high = (np.asarray(limit, np.float64).ravel() for limit in (action.low, action.high))
        limited = np.isfinite(low) & np.isfinite(high)
        half = np.where(limited, (high - low) / 2, 1.0)
        middle = np.where(limited, (high + low) / 2, 0.0)
        for name, numbers in (("half_range", half), ("middle", middle), ("lowest", low), ("highest", high)):
            self.register_buffer(name, torch.as_tensor(numbers, dtype=torch.float32), persistent=False)
        self.gaussian = settings.head == "gaussian"
        n_outputs = len(low) * (2 if self.gaussian else 1)
        self.model = find_model(settings.model)(
            len(chosen), n_outputs, layers=settings.layers, width=settings.width, dropout=settings.dropout
        )

    def start(self, n: int) -> Tensors:
        """Return the memory of n rows at the start of their episodes."""
        device = self.get_buffer("half_range").device
        return {name: torch.zeros((n, *shape), device=device) for name, shape in self.model.memories.items()}

    def forward(
        self, observations: Tensor, memory: Tensors, lengths: Sequence[int] | None = None
    ) -> Prediction:
        """Predict actions.

        Args:
            observations: Flat, (n, T, numbers of an observation).
            memory: As for `SequenceModel.forward`.
            lengths: As for `SequenceModel.forward`.
        """
        outputs, memory = self.model(observations[..., self.get_buffer("chosen")], memory, lengths)
        if not self.gaussian:
            return Prediction(outputs, None, memory)
        means, log_std = outputs.chunk(2, dim=-1)
        return Prediction(means, log_std.clamp(*LOG_STD), memory)

    def to_units(self, actions: Tensor) -> Tensor:
        """Convert actions to units of half their range."""
        return (actions - self.get_buffer("middle")) / self.get_buffer("half_range")

    def to_actions(self, units: Tensor) -> Tensor:
        """Convert units of half their range to actions within their limits."""
        actions = units * self.get_buffer("half_range") + self.get_buffer("middle")
        return torch.minimum(torch.maximum(actions, self.get_buffer("lowest")), self.get_buffer("highest"))

    def error(self, prediction: Prediction, targets: Tensor) -> Tensor:
        """Return the loss of each step, (n, T): squared errors, or negative logarithms of the likelihood."""
        squared = torch.square(prediction.means.float() - targets)
        if prediction.log_std is None:
            return squared.mean(dim=-1)
        log_std = prediction.log_std.float()
        return (0.5 * squared * torch.exp(-2 * log_std) + log_std).mean(dim=-1)
