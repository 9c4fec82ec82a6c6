"""Torch's layers and functions for both NumPy and `jax.numpy` (`xp` is either module)."""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from rl_pipeline.models.blocks.layer_norm import FeatureNorm

Array = Any  # a NumPy array, or a JAX array or tracer
ArrayFunction = Callable[..., Array]
Weights = Mapping[torch.Tensor, Array]  # by parameter, which torch types as a tensor in places


def linear(layer: nn.Linear, xp: ModuleType, weights: Weights) -> ArrayFunction:
    """Return the function of a linear layer."""
    matrix = weights[layer.weight].T
    parameter: torch.Tensor | None = getattr(layer, "bias", None)
    if parameter is None:
        return lambda x: xp.matmul(x, matrix)
    bias = weights[parameter]
    return lambda x: xp.matmul(x, matrix) + bias


def layer_norm(layer: nn.LayerNorm, xp: ModuleType, weights: Weights) -> ArrayFunction:
    """Return the function of a layer normalisation."""
    axes = tuple(range(-len(layer.normalized_shape), 0))

    def normalize(x: Array) -> Array:
        normal = _normalized(xp, x, axes, layer.eps)
        if layer.weight is not None:
            normal = normal * weights[layer.weight]
        return normal if layer.bias is None else normal + weights[layer.bias]

    return normalize


def _normalized(xp: ModuleType, x: Array, axes: tuple[int, ...] = (-1,), epsilon: float = 1e-5) -> Array:
    centred = x - x.mean(axis=axes, keepdims=True)
    return centred / xp.sqrt((centred * centred).mean(axis=axes, keepdims=True) + epsilon)


def flatten(layer: nn.Flatten, xp: ModuleType, weights: Weights) -> ArrayFunction:
    """Return the function of a flattening layer with its default dimensions."""
    return lambda x: x.reshape(len(x), -1)


def _erf(xp: ModuleType) -> ArrayFunction:
    if xp is np:
        return lambda x: torch.erf(torch.from_numpy(x)).numpy()
    from jax import lax

    return lax.erf


def _gelu(layer: nn.GELU, xp: ModuleType) -> ArrayFunction:
    if layer.approximate == "tanh":
        return lambda x: 0.5 * x * (1 + xp.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)))
    erf = _erf(xp)
    return lambda x: 0.5 * x * (1 + erf(x * 0.5**0.5))


def _exponential_linear(
    xp: ModuleType, alpha: float, scale: float = 1.0, width: float = 1.0
) -> ArrayFunction:
    # the inner minimum keeps the branch that `where` discards finite; otherwise, its gradient would be NaN
    return lambda x: scale * xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0) / width))


def _softplus(xp: ModuleType, beta: float = 1.0) -> ArrayFunction:
    return lambda x: xp.logaddexp(beta * x, np.float32(0)) / beta


def _sigmoid(xp: ModuleType) -> ArrayFunction:
    return lambda x: 0.5 + 0.5 * xp.tanh(0.5 * x)


ACTIVATIONS: dict[type[nn.Module], Callable[[Any, ModuleType], ArrayFunction]] = {
    nn.CELU: lambda layer, xp: _exponential_linear(xp, layer.alpha, width=layer.alpha),
    nn.ELU: lambda layer, xp: _exponential_linear(xp, layer.alpha),
    FeatureNorm: lambda layer, xp: lambda x: _normalized(xp, x),
    nn.GELU: _gelu,
    nn.Hardtanh: lambda layer, xp: lambda x: xp.clip(x, layer.min_val, layer.max_val),
    nn.Identity: lambda layer, xp: lambda x: x,
    nn.LeakyReLU: lambda layer, xp: lambda x: xp.where(x > 0, x, layer.negative_slope * x),
    nn.Mish: lambda layer, xp: lambda x: x * xp.tanh(_softplus(xp)(x)),
    nn.ReLU: lambda layer, xp: lambda x: xp.where(x > 0, x, 0),
    nn.SELU: lambda layer, xp: _exponential_linear(xp, 1.6732632423543772, scale=1.0507009873554805),
    nn.Sigmoid: lambda layer, xp: _sigmoid(xp),
    nn.SiLU: lambda layer, xp: lambda x: x * _sigmoid(xp)(x),
    nn.Softplus: lambda layer, xp: _softplus(xp, layer.beta),
    nn.Tanh: lambda layer, xp: xp.tanh,
}
"""Modules without parameters, by their exact class."""

LAYERS: dict[type[nn.Module], Callable[[Any, ModuleType, Weights], ArrayFunction]] = {
    nn.Linear: linear,
    nn.LayerNorm: layer_norm,
    nn.Flatten: flatten,
}
"""Layers other than activations, by their exact class."""

FUNCTIONS: dict[str, Callable[[ModuleType], ArrayFunction]] = {
    "add": lambda xp: xp.add,
    "sub": lambda xp: xp.subtract,
    "mul": lambda xp: xp.multiply,
    "truediv": lambda xp: xp.true_divide,
    "relu": lambda xp: lambda x: xp.where(x > 0, x, 0),
    "tanh": lambda xp: xp.tanh,
    "sigmoid": _sigmoid,
    "cat": lambda xp: lambda arrays, dim=0: xp.concatenate(arrays, axis=dim),
}
"""Functions and methods of tensors, and of `rl_pipeline.models.blocks`, by name."""
