"""The state of a torch Adam optimizer as flat vectors, and its step in JAX."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from rl_pipeline.algorithms.fast.coverage import NotCovered
from rl_pipeline.algorithms.fast.functions import Array
from rl_pipeline.algorithms.fast.tensor_block import TensorBlock


class AdamState(NamedTuple):
    """Parameters and moments of their gradient, each a float32 vector of the same length."""

    parameters: Array
    exp_avg: Array
    exp_avg_sq: Array


class TorchAdam:
    """A torch Adam optimizer whose parameters and state are read and written as whole vectors.

    Args:
        optimizer: The optimizer, whose parameters are float32 on the CPU.

    Raises:
        NotCovered: It is not a plain Adam over such parameters.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        check_adam(optimizer)
        self.optimizer = optimizer
        self.parameters: list[torch.Tensor] = optimizer.param_groups[0]["params"]
        self.layout = TensorBlock(self.parameters)
        self._exp_avg, self._exp_avg_sq = TensorBlock(self.parameters), TensorBlock(self.parameters)
        self._steps = TensorBlock(torch.zeros(()) for _ in self.parameters)

    def read(self) -> AdamState:
        """Give views of the parameters and their moments, which are zero before the first step."""
        states = [self._state(parameter) for parameter in self.parameters]
        self._steps.gather([state["step"] for state in states])
        return AdamState(
            self.layout.gather(self.parameters),
            self._exp_avg.gather([state["exp_avg"] for state in states]),
            self._exp_avg_sq.gather([state["exp_avg_sq"] for state in states]),
        )

    def write(self, state: AdamState, n_steps: int) -> None:
        """Store parameters and moments after `n_steps` more steps than at the last `read`."""
        np.copyto(self.layout.memory, state.parameters)
        np.copyto(self._exp_avg.memory, state.exp_avg)
        np.copyto(self._exp_avg_sq.memory, state.exp_avg_sq)
        self._steps.memory += n_steps

    def rates(self, n_steps: int) -> np.ndarray:
        """Give what the next steps need besides state and gradient.

        They are computed in float64, since 1 - beta**t loses digits in float32.

        Args:
            n_steps: Number of steps.

        Returns:
            Rows of step size, root of the second bias correction, both betas and epsilon; float32 (n_steps, 5).
        """
        group = self.optimizer.param_groups[0]
        beta1, beta2 = group["betas"]
        step = float(self._state(self.parameters[0])["step"]) + np.arange(1.0, n_steps + 1)
        rates = np.empty((n_steps, 5), np.float32)
        rates[:, 0] = group["lr"] / (1 - beta1**step)
        rates[:, 1] = np.sqrt(1 - beta2**step)
        rates[:, 2:] = beta1, beta2, group["eps"]
        return rates

    def _state(self, parameter: torch.Tensor) -> dict[str, Any]:
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


def adam_step(state: AdamState, gradient: Array, rates: Array) -> AdamState:
    """Make one step of Adam (Kingma & Ba 2014, arXiv:1412.6980, algorithm 1) as torch does it.

    Args:
        state: Parameters and moments.
        gradient: Gradient of the loss, shaped as the parameters.
        rates: A row of `TorchAdam.rates`.
    """
    import jax.numpy as jnp

    step_size, bias_correction2_sqrt, beta1, beta2, epsilon = rates
    exp_avg = state.exp_avg + (1 - beta1) * (gradient - state.exp_avg)
    exp_avg_sq = beta2 * state.exp_avg_sq + (1 - beta2) * gradient * gradient
    denominator = jnp.sqrt(exp_avg_sq) / bias_correction2_sqrt + epsilon
    return AdamState(state.parameters - step_size * exp_avg / denominator, exp_avg, exp_avg_sq)


def descend(
    loss: Callable[[list[Array]], tuple[Array, Any]],
    state: AdamState,
    rates: Array,
    layout: TensorBlock,
    max_grad_norm: Array = np.inf,
) -> tuple[AdamState, Array, Any]:
    """Make one Adam step down a loss.

    Args:
        loss: Function of the parameters, one array per tensor, that returns the loss and anything else.
        state: Parameters and moments.
        rates: A row of `TorchAdam.rates`.
        layout: How the parameters lie in their vector.
        max_grad_norm: The gradient is scaled down to at most this Euclidean norm.

    Returns:
        The next state, the loss before the step, and what else the function returned.
    """
    import jax
    import jax.numpy as jnp

    (value, other), gradients = jax.value_and_grad(loss, has_aux=True)(layout.split(state.parameters))
    gradient = jnp.concatenate([part.reshape(-1) for part in gradients])
    if max_grad_norm is not np.inf:
        norm = jnp.sqrt((gradient * gradient).sum())
        gradient *= jnp.minimum(1.0, max_grad_norm / (norm + 1e-6))
    return adam_step(state, gradient, rates), value, other
