"""A policy that moves the joints of `robot_stand_in.py` to a place, and the description of that robot."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from onnx import TensorProto, helper

from rl_pipeline.policies.exported import KEY
from rl_pipeline.policies.spec import PolicySpec, Signal, spec_to_json
from tests.policies.graphs import value, write

TARGET = np.array([0.5, -0.5])
NAMES = ("shoulder position", "elbow position", "shoulder velocity", "elbow velocity")
UNITS = ("rad", "rad", "rad/s", "rad/s")


def write_policy(path: Path, joints: tuple[str, ...] = ("shoulder", "elbow"), gain: float = 2.0) -> Path:
    """Write a policy that commands `gain` times the distance to `TARGET` as velocities, within 1 rad/s."""
    unlimited = np.full(4, np.inf)
    observation = Signal("box", (4,), "float64", -unlimited, unlimited, NAMES, UNITS)
    limit = np.ones(2, np.float32)
    action = Signal("box", (2,), "float32", -limit, limit, joints, ("rad/s",) * 2)
    spec = PolicySpec("onnx", observation, observation, action, rate=50.0)
    nodes = [
        helper.make_node("MatMul", ["observation", "constant_0"], ["moved"]),
        helper.make_node("Add", ["moved", "constant_1"], ["speed"]),
        helper.make_node("Clip", ["speed", "constant_2", "constant_3"], ["clipped"]),
        helper.make_node("Cast", ["clipped"], ["action"], to=TensorProto.FLOAT),
    ]
    weights = np.vstack([-gain * np.eye(2), np.zeros((2, 2))])
    inputs, outputs = [value("observation", 4, kind=TensorProto.DOUBLE)], [value("action", 2)]
    document = {"format": 1, "policy": spec_to_json(spec), "safe_action": [0.0, 0.0], "run": "reaching"}
    constants = weights, gain * TARGET, np.array(-1.0), np.array(1.0)
    return write(path, nodes, inputs, outputs, *constants, metadata={KEY: json.dumps(document)})


def description(**changes: Any) -> dict[str, Any]:
    """Return the section `deploy` for the robot; topics are relative to the namespace of the node."""
    joints = ["shoulder", "elbow"]
    position = {"field": "joint_states.position", "joints": joints, "stop_below": -2.0, "stop_above": 2.0}
    command = {
        "field": "command.data[0:2]",
        "type": "std_msgs/msg/Float64MultiArray",
        "low": -1.0,
        "high": 1.0,
    }
    return {
        "observations": [position, {"field": "joint_states.velocity", "joints": joints}],
        "commands": [command | {"joints": joints}],
        "ramp": 0.1,
        "startup_timeout": 300.0,
        "safety": {"max_age": 60.0, "max_late": 60.0},
        **changes,
    }


def write_description(path: Path, **changes: Any) -> Path:
    """Write the file for `config`."""
    path.write_text(yaml.safe_dump({"deploy": description(**changes)}))
    return path
