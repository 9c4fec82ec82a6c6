"""Messages of a Unity program as ML-Agents makes them, and damage to them."""

import io
import random
from typing import Any

import numpy as np
from google.protobuf.descriptor import FieldDescriptor
from PIL import Image

from rl_pipeline.envs.unity import side_channels
from rl_pipeline.envs.unity.link import STATUS_OK
from rl_pipeline.envs.unity.messages import message_class

N_AGENTS = 3
EXTREMES: dict[int, tuple[Any, ...]] = {
    FieldDescriptor.CPPTYPE_INT32: (0, 1, -1, 2, 7, 1000, 2**31 - 1, -(2**31)),
    FieldDescriptor.CPPTYPE_INT64: (0, 1, -1, 2**63 - 1, -(2**63)),
    FieldDescriptor.CPPTYPE_UINT32: (0, 1, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 1, 2**64 - 1),
    FieldDescriptor.CPPTYPE_FLOAT: (0.0, -1.0, 1e38, float("nan"), float("inf")),
    FieldDescriptor.CPPTYPE_DOUBLE: (0.0, -1.0, 1e308, float("nan"), float("inf")),
    FieldDescriptor.CPPTYPE_BOOL: (True, False),
    FieldDescriptor.CPPTYPE_ENUM: (0, 1, 2, 99),
    FieldDescriptor.CPPTYPE_STRING: ("", "Robot", "Rival", "Robot?team=1", "x" * 1000, "\0", "a.b"),
}


def png(chance: random.Random, width: int = 4, height: int = 3) -> bytes:
    file = io.BytesIO()
    Image.fromarray(
        np.frombuffer(chance.randbytes(width * height * 3), np.uint8).reshape(height, width, 3)
    ).save(file, "PNG")
    return file.getvalue()


def message() -> Any:
    made = message_class("UnityMessageProto")()
    made.header.status = STATUS_OK
    return made


def greeting() -> Any:
    made = message()
    made.unity_output.rl_initialization_output.communication_version = "1.5.0"
    return made


def step_of_two_behaviours(chance: random.Random, *, announced: bool) -> Any:
    """Make a step of agents with vectors and pictures and of others with masks, and statistics beside it."""
    made = message()
    output = made.unity_output
    if announced:
        for name, branches in (("Robot", []), ("Rival", [3, 2])):
            parameters = output.rl_initialization_output.brain_parameters.add(brain_name=name)
            parameters.action_spec.num_continuous_actions = 0 if branches else 2
            parameters.action_spec.num_discrete_actions = len(branches)
            parameters.action_spec.discrete_branch_sizes.extend(branches)
    for number in range(N_AGENTS):
        robot = output.rl_output.agentInfos["Robot"].value.add(id=number, reward=0.5)
        robot.observations.add(shape=[4], name="vector").float_data.data.extend([chance.random()] * 4)
        picture = robot.observations.add(shape=[3, 4, 3], name="picture", compression_type=1)
        picture.compressed_data = png(chance)
        picture.compressed_channel_mapping.extend([0, 1, 2])
        rival = output.rl_output.agentInfos["Rival"].value.add(id=10 + number, done=number == 1)
        rival.observations.add(shape=[2, 2]).float_data.data.extend([chance.random()] * 4)
        rival.action_mask.extend([False, True, False, False, True])
    statistic = side_channels._string("score") + np.float32(0.5).tobytes() + np.int32(0).tobytes()
    output.rl_output.side_channel = side_channels.pack(side_channels.STATISTICS, statistic)
    return made


def with_strange_fields(original: Any, chance: random.Random) -> bytes:
    """Set one to three fields, wherever they are in the message, to values at the end of what they can hold."""
    changed = type(original)()
    changed.CopyFrom(original)
    for _ in range(chance.randrange(1, 4)):
        _change(changed, chance)
    return bytes(changed.SerializeToString())


def _change(node: Any, chance: random.Random) -> None:
    field = chance.choice(node.DESCRIPTOR.fields)
    value = getattr(node, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        _change(value[chance.choice(["", "Robot", "Rival", "New"])], chance)
    elif field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
        if field.is_repeated:
            value.add() if not value or chance.random() < 0.1 else None
            _change(chance.choice(list(value)), chance)
        else:
            value.SetInParent()
            _change(value, chance)
    elif field.is_repeated:
        _change_list(value, field, chance)
    else:
        setattr(node, field.name, _extreme(field, value, chance))


def _change_list(values: Any, field: FieldDescriptor, chance: random.Random) -> None:
    match chance.randrange(3):
        case 0:
            del values[chance.randrange(len(values) + 1) :]
        case 1:
            values.append(_extreme(field, None, chance))
        case 2:
            if values:
                values[chance.randrange(len(values))] = _extreme(field, None, chance)


def _extreme(field: FieldDescriptor, value: Any, chance: random.Random) -> Any:
    if field.type == FieldDescriptor.TYPE_BYTES:
        data = bytearray(value or b"")
        for _ in range(chance.randrange(4)):
            at = chance.randrange(len(data) + 1)
            data[at : at + 1] = chance.randbytes(chance.randrange(3))
        return bytes(data[: chance.randrange(len(data) + 1)]) if chance.random() < 0.2 else bytes(data)
    return chance.choice(EXTREMES[field.cpp_type])
