"""The state of a torch Adam optimizer as flat vectors, and its step in JAX."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from rl_pipeline.algorithms.fast.coverage import NotCovered
from rl_pipeline.algorithms.fast.functions import Array


class AdamState(NamedTuple):
    """Parameters and moments of their gradient, each a float32 vector of the same length."""

    parameters: Array
    exp_avg: Array
    exp_avg_sq: Array


class AdamRates(NamedTuple):
    """What an Adam step needs besides state and gradient; the first two change from step to step.

    They are computed in float64, since 1 - beta**t loses digits in float32.
    """

    step_size: Array
    bias_correction2_sqrt: Array
    beta1: Array
    beta2: Array
    epsilon: Array


class ParameterVector:
    """Some parameters of a model laid end to end in one vector, in the given order."""

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self.parameters = list(parameters)
        self.bounds = np.cumsum([0, *(parameter.numel() for parameter in self.parameters)])

    def pack(self, tensors: Sequence[torch.Tensor]) -> np.ndarray:
        """Copy one tensor per parameter into a new float32 vector."""
        return np.concatenate([tensor.detach().numpy().reshape(-1) for tensor in tensors])

    def split(self, vector: Array) -> list[Array]:
        """Give the part of a NumPy or JAX vector that belongs to each parameter, in its shape."""
        return [
            vector[start:stop].reshape(tuple(parameter.shape))
            for parameter, start, stop in zip(self.parameters, self.bounds, self.bounds[1:], strict=False)
        ]

    def write(self, vector: np.ndarray, tensors: Sequence[torch.Tensor]) -> None:
        """Copy a vector into one tensor per parameter, in place."""
        for tensor, part in zip(tensors, self.split(vector), strict=True):
            np.copyto(tensor.detach().numpy(), part)


class TorchAdam:
    """Reads and writes a torch Adam optimizer as an `AdamState`.

    Args:
        optimizer: The optimizer, whose parameters are float32 on the CPU.

    Raises:
        NotCovered: It is not a plain Adam over such parameters.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        check_adam(optimizer)
        self.optimizer = optimizer
        self.vector = ParameterVector(optimizer.param_groups[0]["params"])

    @property
    def n_steps(self) -> int:
        """Number of steps that the optimizer has made."""
        state = self.optimizer.state.get(self.vector.parameters[0])
        return int(state["step"]) if state else 0

    def read(self) -> AdamState:
        """Copy the parameters and their moments, which are zero before the first step."""
        moments = [self._moments(parameter) for parameter in self.vector.parameters]
        return AdamState(
            self.vector.pack(self.vector.parameters),
            self.vector.pack([moment["exp_avg"] for moment in moments]),
            self.vector.pack([moment["exp_avg_sq"] for moment in moments]),
        )

    def write(self, state: AdamState, n_steps: int) -> None:
        """Store parameters and moments after `n_steps` steps in the optimizer."""
        moments = [self._moments(parameter) for parameter in self.vector.parameters]
        self.vector.write(np.asarray(state.parameters), self.vector.parameters)
        self.vector.write(np.asarray(state.exp_avg), [moment["exp_avg"] for moment in moments])
        self.vector.write(np.asarray(state.exp_avg_sq), [moment["exp_avg_sq"] for moment in moments])
        for moment in moments:
            moment["step"].fill_(n_steps)

    def rates(self, n_steps: int) -> AdamRates:
        """Give the rates of the next `n_steps` steps; the first two are vectors of that length."""
        group = self.optimizer.param_groups[0]
        beta1, beta2 = group["betas"]
        step = self.n_steps + np.arange(1, n_steps + 1, dtype=np.float64)
        values = group["lr"] / (1 - beta1**step), np.sqrt(1 - beta2**step), beta1, beta2, group["eps"]
        return AdamRates(*(np.asarray(value, np.float32) for value in values))

    def _moments(self, parameter: nn.Parameter) -> dict[str, Any]:
        state = self.optimizer.state[parameter]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        return state


def check_adam(optimizer: torch.optim.Optimizer) -> None:
    """Raise `NotCovered` unless an optimizer is a plain Adam over trainable float32 parameters on the CPU."""
    if type(optimizer) is not torch.optim.Adam:
        raise NotCovered(f"its optimizer is {type(optimizer).__name__}, not Adam")
    if len(optimizer.param_groups) != 1:
        raise NotCovered("its optimizer has several parameter groups")
    group = optimizer.param_groups[0]
    for option in ("weight_decay", "amsgrad", "maximize"):
        if group[option]:
            raise NotCovered(f"its optimizer uses {option}")
    for parameter in group["params"]:
        if parameter.device.type != "cpu":
            raise NotCovered(f"it trains on {parameter.device}")
        if parameter.dtype != torch.float32 or not parameter.requires_grad or not parameter.is_contiguous():
            raise NotCovered("some of its parameters are not trainable contiguous float32 tensors")


def adam_step(state: AdamState, gradient: Array, rates: AdamRates) -> AdamState:
    """Make one step of Adam (Kingma & Ba 2014, arXiv:1412.6980, algorithm 1) as torch does it.

    Args:
        state: Parameters and moments.
        gradient: Gradient of the loss, shaped as the parameters.
        rates: Rates of this step, all scalars.
    """
    import jax.numpy as jnp

    exp_avg = state.exp_avg + (1 - rates.beta1) * (gradient - state.exp_avg)
    exp_avg_sq = rates.beta2 * state.exp_avg_sq + (1 - rates.beta2) * gradient * gradient
    denominator = jnp.sqrt(exp_avg_sq) / rates.bias_correction2_sqrt + rates.epsilon
    return AdamState(state.parameters - rates.step_size * exp_avg / denominator, exp_avg, exp_avg_sq)
