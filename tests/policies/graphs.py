"""Small graphs that act."""

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, checker, helper, save
from onnx.numpy_helper import from_array

WEIGHTS = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)


def value(name: str, *shape: int, kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, ["n", *shape])


def write(
    path: Path,
    nodes: list[Any],
    inputs: list[Any],
    outputs: list[Any],
    *constants: np.ndarray,
    metadata: dict[str, str] | None = None,
) -> Path:
    named = [from_array(array, f"constant_{index}") for index, array in enumerate(constants)]
    graph = helper.make_graph(nodes, "policy", inputs, outputs, named)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, metadata or {})
    checker.check_model(model)
    save(model, path)
    return path


def linear(path: Path, output: str = "action", metadata: dict[str, str] | None = None) -> Path:
    nodes = [helper.make_node("MatMul", ["observation", "constant_0"], [output])]
    return write(path, nodes, [value("observation", 4)], [value(output, 2)], WEIGHTS, metadata=metadata)


def counter(path: Path) -> Path:
    """Write a graph that gives the number of observations since the start of the episode."""
    nodes = [
        helper.make_node("Add", ["memory.count", "constant_0"], ["next_memory.count"]),
        helper.make_node("ReduceSum", ["gear"], ["sum"], keepdims=1),
        helper.make_node("Mul", ["sum", "constant_1"], ["nothing"]),
        helper.make_node("Add", ["next_memory.count", "nothing"], ["action"]),
    ]
    inputs = [value("gear", 1, kind=TensorProto.INT64), value("memory.count", 1, kind=TensorProto.INT64)]
    outputs = [value(name, 1, kind=TensorProto.INT64) for name in ("action", "next_memory.count")]
    return write(path, nodes, inputs, outputs, np.array([1]), np.array([0]))
