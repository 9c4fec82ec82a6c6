"""A policy of 256 x 256 neurons for benchmarks of the policy node, whose first action is the first observation."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import yaml
from onnx import TensorProto, helper
from onnx.numpy_helper import from_array

from rl_pipeline.policies.exported import KEY
from rl_pipeline.policies.spec import PolicySpec, Signal, spec_to_json

HIDDEN = 256


def write_policy(path: Path, n_observations: int) -> None:
    """Write the policy as an exported file; its actions are the first observation and the network's output."""
    unlimited = np.full(n_observations, np.inf, np.float32)
    observation = Signal("box", (n_observations,), "float32", -unlimited, unlimited)
    action = Signal("box", (2,), "float32", -unlimited[:2], unlimited[:2])
    spec = PolicySpec("onnx", observation, observation, action, rate=100.0)
    rng = np.random.default_rng(0)
    sizes = [n_observations, HIDDEN, HIDDEN, 1]
    constants, nodes, last = [from_array(np.array([0]), "first")], [], "observation"
    for layer, (rows, columns) in enumerate(pairwise(sizes)):
        weights = (rng.normal(size=(rows, columns)) / np.sqrt(rows)).astype(np.float32)
        constants.append(from_array(weights, f"weights_{layer}"))
        nodes.append(helper.make_node("MatMul", [last, f"weights_{layer}"], [f"product_{layer}"]))
        nodes.append(helper.make_node("Tanh", [f"product_{layer}"], [f"layer_{layer}"]))
        last = f"layer_{layer}"
    nodes.append(helper.make_node("Gather", ["observation", "first"], ["number"], axis=1))
    nodes.append(helper.make_node("Concat", ["number", last], ["action"], axis=1))
    inputs = [helper.make_tensor_value_info("observation", TensorProto.FLOAT, ["n", n_observations])]
    outputs = [helper.make_tensor_value_info("action", TensorProto.FLOAT, ["n", 2])]
    graph = helper.make_graph(nodes, "policy", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    document = {"format": 1, "policy": spec_to_json(spec), "safe_action": None, "run": "counting"}
    helper.set_model_props(model, {KEY: json.dumps(document)})
    onnx.save(model, path)


def write_robot(path: Path, observation: str, command: str, recordings: Path | None = None) -> None:
    """Write the description of a robot that is answered on arrival of each observation, and never stopped."""
    huge = 1e12
    field = {"field": f"{command}.data[0:2]", "type": "std_msgs/msg/Float64MultiArray"}
    deploy = {
        "observations": [f"{observation}.data"],
        "commands": [{**field, "low": -huge, "high": huge}],
        "trigger": observation,
        "ramp": 0.0,
        "startup_timeout": 100.0,
        "safety": {"max_age": 1000.0, "max_late": 1000.0},
        "recording": None if recordings is None else {"folder": str(recordings), "max_megabytes": 100},
    }
    path.write_text(yaml.safe_dump({"deploy": deploy}))
