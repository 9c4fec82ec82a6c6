"""Bytes that Unity's own serializer (ROS-TCP-Connector 0.7, ROS 2 mode) made of messages."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rl_pipeline.bridge.cdr import CdrReader, CdrWriter

MESSAGES = json.loads(Path(__file__).with_name("unity_messages.json").read_text())
VECTOR = {"x": "d", "y": "d", "z": "d"}
POSE = {"position": VECTOR, "orientation": VECTOR | {"w": "d"}}
TIME = {"sec": "i", "nanosec": "I"}
HEADER = {"stamp": TIME, "frame_id": "string"}
COVARIANCE = ("d", 9)
LAYOUT = {"dim": [{"label": "string", "size": "I", "stride": "I"}], "data_offset": "I"}
JOINTS = {"position": ["d"], "velocity": ["d"], "effort": ["d"]}
LASER = ("angle_min", "angle_max", "angle_increment", "time_increment", "scan_time", "range_min", "range_max")
POINT = {
    "positions": ["d"],
    "velocities": ["d"],
    "accelerations": ["d"],
    "effort": ["d"],
    "time_from_start": {"sec": "i", "nanosec": "I"},
}
TYPES: dict[str, Any] = {
    "std_msgs/String": {"data": "string"},
    "std_msgs/Bool": {"data": "?"},
    "std_msgs/Int32": {"data": "i"},
    "std_msgs/Int64": {"data": "q"},
    "std_msgs/Float32": {"data": "f"},
    "std_msgs/Float64": {"data": "d"},
    "std_msgs/Header": HEADER,
    "std_msgs/Float32MultiArray": {"layout": LAYOUT, "data": ["f"]},
    "std_msgs/Float64MultiArray": {"layout": LAYOUT, "data": ["d"]},
    "std_msgs/Empty": {},
    "geometry_msgs/Twist": {"linear": VECTOR, "angular": VECTOR},
    "geometry_msgs/Pose": POSE,
    "geometry_msgs/PoseStamped": {"header": HEADER, "pose": POSE},
    "sensor_msgs/JointState": {"header": HEADER, "name": ["string"], **JOINTS},
    "sensor_msgs/LaserScan": {
        "header": HEADER,
        **dict.fromkeys(LASER, "f"),
        "ranges": ["f"],
        "intensities": ["f"],
    },
    "sensor_msgs/Image": {
        "header": HEADER,
        "height": "I",
        "width": "I",
        "encoding": "string",
        "is_bigendian": "B",
        "step": "I",
        "data": ["B"],
    },
    "sensor_msgs/CompressedImage": {"header": HEADER, "format": "string", "data": ["B"]},
    "sensor_msgs/Imu": {
        "header": HEADER,
        "orientation": VECTOR | {"w": "d"},
        "orientation_covariance": COVARIANCE,
        "angular_velocity": VECTOR,
        "angular_velocity_covariance": COVARIANCE,
        "linear_acceleration": VECTOR,
        "linear_acceleration_covariance": COVARIANCE,
    },
    "trajectory_msgs/JointTrajectory": {"header": HEADER, "joint_names": ["string"], "points": [POINT]},
}
"""Fields of each type: a message, a letter of `struct`, `string`, a [sequence], or an array (letter, length)."""


def write(writer: CdrWriter, kind: Any, value: Any) -> None:
    match kind:
        case dict():
            for name, part in kind.items():
                write(writer, part, value[name])
        case "string":
            writer.string(value)
        case str():
            writer.primitive(kind, value)
        case (letter, int()):
            writer.array(np.array(value, letter), counted=False)
        case [str() as letter] if letter != "string":
            writer.array(np.array(value, letter))
        case [item]:
            writer.primitive("I", len(value))
            for part in value:
                write(writer, item, part)


def read(reader: CdrReader, kind: Any) -> Any:
    match kind:
        case dict():
            return {name: read(reader, part) for name, part in kind.items()}
        case "string":
            return reader.string()
        case str():
            return reader.primitive(kind)
        case (letter, int(count)):
            return reader.array(letter, count).tolist()
        case [str() as letter] if letter != "string":
            return reader.array(letter).tolist()
        case [item]:
            return [read(reader, item) for _ in range(int(reader.primitive("I")))]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message["type"])
def test_messages_are_written_and_read_as_unity_does(message: dict[str, Any]) -> None:
    kind, values, data = TYPES[message["type"]], message["values"], bytes.fromhex(message["cdr"])
    writer = CdrWriter()
    write(writer, kind, values)
    assert writer.message() == data
    assert read(CdrReader(data), kind) == values
