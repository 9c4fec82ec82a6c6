"""The state of a torch Adam or AdamW optimizer as flat vectors, and its step in JAX."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from rl_pipeline.learners.sb3.fast.coverage import NotCovered
from rl_pipeline.learners.sb3.fast.functions import Array
from rl_pipeline.learners.sb3.fast.tensor_block import TensorBlock
from rl_pipeline.plain_data import StateDict


class AdamState(NamedTuple):
    """Parameters and moments of their gradient, float32 vectors of the same length, and the number of steps made."""

    parameters: Array
    exp_avg: Array
    exp_avg_sq: Array
    step: Array


class Slope(NamedTuple):
    """Gradient of a loss as one vector, and the loss."""

    gradient: Array
    loss: Array


class TorchAdam:
    """A torch Adam or AdamW optimizer whose parameters and state are read and written as whole vectors.

    Args:
        optimizer: The optimizer, whose parameters are float32 on the CPU.

    Raises:
        NotCovered: The optimizer is not a plain Adam or AdamW over such parameters.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        check_adam(optimizer)
        self.optimizer = optimizer
        self.parameters: list[torch.Tensor] = optimizer.param_groups[0]["params"]
        self.layout = TensorBlock(self.parameters)
        self._exp_avg, self._exp_avg_sq = TensorBlock(self.parameters), TensorBlock(self.parameters)
        self._steps = TensorBlock(torch.zeros(()) for _ in self.parameters)

    def read(self) -> AdamState:
        """Return views of the parameters and their moments, which are zero before the first step."""
        states = [self._state(parameter) for parameter in self.parameters]
        return AdamState(
            self.layout.gather(self.parameters),
            self._exp_avg.gather([state["exp_avg"] for state in states]),
            self._exp_avg_sq.gather([state["exp_avg_sq"] for state in states]),
            self._steps.gather([state["step"] for state in states])[0],
        )

    def write(self, state: AdamState) -> None:
        """Store the state; `read` must have been called since the optimizer was last loaded."""
        np.copyto(self.layout.memory, state.parameters)
        np.copyto(self._exp_avg.memory, state.exp_avg)
        np.copyto(self._exp_avg_sq.memory, state.exp_avg_sq)
        self._steps.memory[:] = state.step

    def options(self) -> np.ndarray:
        """Return the learning rate, 1 - beta and log(beta) of both moments, epsilon and weight decay; float32 (7,).

        The last is the factor by which weights shrink in a step: 1 for Adam. They are computed in float64, since
        1 - beta loses digits in float32.
        """
        group = self.optimizer.param_groups[0]
        weights = [1 - beta for beta in group["betas"]]
        logs = [math.log(beta) if beta else -math.inf for beta in group["betas"]]
        kept = 1 - group["lr"] * group["weight_decay"]
        return np.array([group["lr"], *weights, *logs, group["eps"], kept], np.float32)

    def _state(self, parameter: torch.Tensor) -> StateDict:
        state = self.optimizer.state[parameter]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        return state


def check_adam(optimizer: torch.optim.Optimizer) -> None:
    """Raise `NotCovered` unless it is a plain Adam or AdamW over trainable float32 parameters on the CPU."""
    if type(optimizer) not in (torch.optim.Adam, torch.optim.AdamW):
        raise NotCovered(f"its optimizer is {type(optimizer).__name__}, not Adam or AdamW")
    if len(optimizer.param_groups) != 1:
        raise NotCovered("its optimizer has several parameter groups")
    group = optimizer.param_groups[0]
    if group["weight_decay"] and not group["decoupled_weight_decay"]:
        raise NotCovered("its optimizer adds weight_decay to the gradient, as AdamW does not")
    for option in ("amsgrad", "maximize"):
        if group[option]:
            raise NotCovered(f"its optimizer uses {option}")
    for parameter in group["params"]:
        if parameter.device.type != "cpu":
            raise NotCovered(f"it trains on {parameter.device}")
        if parameter.dtype != torch.float32 or not parameter.requires_grad or not parameter.is_contiguous():
            raise NotCovered("some of its parameters are not trainable contiguous float32 tensors")


def adam_step(state: AdamState, gradient: Array, options: Array) -> AdamState:
    """Make one step like torch.

    Adam is that of Kingma & Ba 2014 (arXiv:1412.6980), AdamW that of Loshchilov & Hutter 2017 (arXiv:1711.05101).

    Args:
        state: State before the step.
        gradient: Gradient of the loss, shaped as the parameters.
        options: The result of `TorchAdam.options`.
    """
    import jax.numpy as jnp

    learning_rate, weight1, weight2, log_beta1, log_beta2, epsilon, kept = options
    step = state.step + 1
    exp_avg = state.exp_avg + weight1 * (gradient - state.exp_avg)
    exp_avg_sq = state.exp_avg_sq + weight2 * (gradient * gradient - state.exp_avg_sq)
    bias_correction1, bias_correction2 = -jnp.expm1(step * log_beta1), -jnp.expm1(step * log_beta2)
    denominator = jnp.sqrt(exp_avg_sq) / jnp.sqrt(bias_correction2) + epsilon
    parameters = kept * state.parameters - learning_rate / bias_correction1 * exp_avg / denominator
    return AdamState(parameters, exp_avg, exp_avg_sq, step)


def descend(
    loss: Callable[[list[Array]], tuple[Array, Any]],
    state: AdamState,
    options: Array,
    layout: TensorBlock,
    max_grad_norm: Array = np.inf,
) -> tuple[AdamState, Array, Any]:
    """Make one Adam step down a loss.

    Args:
        loss: Function of the parameters, one array per tensor, that returns the loss and anything else.
        state: State before the step.
        options: The result of `TorchAdam.options`.
        layout: Layout of the parameters in their vector.
        max_grad_norm: The gradient is scaled down to at most this Euclidean norm.

    Returns:
        The next state, the loss before the step, and the function's other results.
    """
    gradient, value, other = gradient_of(loss, state, layout)
    return adam_step(state, clipped(gradient, max_grad_norm), options), value, other


def gradient_of(
    loss: Callable[[list[Array]], tuple[Array, Any]], state: AdamState, layout: TensorBlock
) -> tuple[Array, Array, Any]:
    """Return the gradient of a loss as one vector, the loss, and its function's other results; see `descend`."""
    import jax

    (value, other), gradients = jax.value_and_grad(loss, has_aux=True)(layout.split(state.parameters))
    return layout.join(gradients), value, other


def clipped(gradient: Array, max_grad_norm: Array) -> Array:
    """Scale a gradient down to at most a Euclidean norm."""
    import jax.numpy as jnp

    if max_grad_norm is np.inf:
        return gradient
    norm = jnp.sqrt((gradient * gradient).sum())
    return gradient * jnp.minimum(1.0, max_grad_norm / (norm + 1e-6))
