"""A torch network as a function of arrays, for acting in NumPy and for training in JAX."""

from collections.abc import Callable
from functools import partial
from operator import itemgetter
from types import ModuleType
from typing import Any

import torch
from torch import fx, nn

from rl_pipeline.learners.sb3.fast.coverage import NotCovered
from rl_pipeline.learners.sb3.fast.functions import (
    ACTIVATIONS,
    FUNCTIONS,
    LAYERS,
    Array,
    ArrayFunction,
    Weights,
)

# errors of torch.fx if a forward method branches on values or calls something that it cannot trace
TRACE_ERRORS = (fx.proxy.TraceError, TypeError, RuntimeError, AttributeError, ValueError, NotImplementedError)


class _Tracer(fx.Tracer):
    """A tracer that does not trace into the modules that `functions.py` supports."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Return whether a module is not traced into."""
        return type(m) in ACTIVATIONS or super().is_leaf_module(m, module_qualified_name)


class Network:
    """The operations of a torch module, which `bind` converts to a function of arrays.

    The module is traced symbolically, so that any composition of known layers and arithmetic is covered.

    Args:
        module: A module whose forward takes tensors and returns a tensor or a tuple of them.

    Raises:
        NotCovered: The module does something unknown.
    """

    def __init__(self, module: nn.Module) -> None:
        try:
            traced = fx.GraphModule(module, _Tracer().trace(module))
        except TRACE_ERRORS as error:
            raise NotCovered(f"its network cannot be traced ({error})") from error
        self._layers = dict(traced.named_modules())
        self._nodes = list(traced.graph.nodes)
        self._root = traced
        for node in self._nodes:
            self._check(node)

    def bind(self, xp: ModuleType, weights: Weights) -> Callable[..., Array]:
        """Build the function of the network.

        Args:
            xp: `numpy` or `jax.numpy`.
            weights: The array to use for each parameter of the module.

        Returns:
            A function of arrays with the same results as the module's forward.
        """
        slots = {node: slot for slot, node in enumerate(self._nodes)}
        constants = [
            weights[self._parameter(node)] if node.op == "get_attr" else None for node in self._nodes
        ]
        inputs = [slots[node] for node in self._nodes if node.op == "placeholder"]
        steps = [
            (slots[node], self._function(node, xp, weights), _arguments(node.args, slots))
            for node in self._nodes
            if node.op.startswith("call")
        ]
        outputs = _arguments(self._nodes[-1].args[0], slots)

        def forward(*arrays: Array) -> Array:
            values = constants.copy()
            for slot, array in zip(inputs, arrays, strict=True):
                values[slot] = array
            for slot, function, arguments in steps:
                values[slot] = function(*arguments(values))
            return outputs(values)

        return forward

    def _function(self, node: fx.Node, xp: ModuleType, weights: Weights) -> ArrayFunction:
        if node.op == "call_module":
            layer = self._layers[str(node.target)]
            if type(layer) in LAYERS:
                return LAYERS[type(layer)](layer, xp, weights)
            return ACTIVATIONS[type(layer)](layer, xp)
        function = FUNCTIONS[_name(node)](xp)
        return partial(function, **node.kwargs) if node.kwargs else function

    def _parameter(self, node: fx.Node) -> nn.Parameter:
        value: Any = self._root
        for name in str(node.target).split("."):
            value = getattr(value, name)
        if not isinstance(value, nn.Parameter):
            raise NotCovered(f"its network reads the buffer {node.target}")
        return value

    def _check(self, node: fx.Node) -> None:
        if node.op == "get_attr":
            self._parameter(node)
        elif node.op == "call_module":
            self._check_layer(node, self._layers[str(node.target)])
        elif node.op.startswith("call") and _name(node) not in FUNCTIONS:
            raise NotCovered(f"its network calls {_name(node)}")
        elif node.op.startswith("call") and set(node.kwargs) - {"dim", "inplace"}:
            raise NotCovered(f"its network calls {_name(node)} with {sorted(node.kwargs)}")

    def _check_layer(self, node: fx.Node, layer: nn.Module) -> None:
        if type(layer) not in LAYERS and type(layer) not in ACTIVATIONS:
            raise NotCovered(f"its network has a layer {type(layer).__name__}")
        if layer._forward_hooks or layer._forward_pre_hooks:
            raise NotCovered(f"its layer {node.target} has hooks")
        if getattr(layer, "inplace", False) and len(node.all_input_nodes[0].users) > 1:
            raise NotCovered(f"its layer {node.target} overwrites a value that is used again")
        if isinstance(layer, nn.Flatten) and (layer.start_dim, layer.end_dim) != (1, -1):
            raise NotCovered(
                f"its layer {node.target} flattens other dimensions than those of one observation"
            )


def _arguments(arguments: Any, slots: dict[fx.Node, int]) -> Callable[[list[Array]], Any]:
    """Return the function that fetches a node's arguments from the values computed so far."""
    if isinstance(arguments, fx.Node):
        return itemgetter(slots[arguments])
    if all(isinstance(argument, fx.Node) for argument in arguments):
        chosen = [slots[argument] for argument in arguments]
        return lambda values: tuple([values[slot] for slot in chosen])
    return lambda values: fx.node.map_arg(arguments, lambda node: values[slots[node]])


def _name(node: fx.Node) -> str:
    return node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))


def views(module: nn.Module) -> dict[torch.Tensor, Array]:
    """Return NumPy views of a CPU module's parameters, which follow every change in place."""
    with torch.no_grad():
        return {parameter: parameter.detach().numpy() for parameter in module.parameters()}
