"""Decoding of a message's agents to batched arrays, without a Python object per number."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.unity import images
from rl_pipeline.envs.unity.behaviour import PNG, Behaviour, sensor_boxes
from rl_pipeline.envs.unity.errors import MessageError


@dataclass
class AgentBatch:
    """The agents of a behaviour in a message, in its order."""

    ids: list[int]
    observations: list[np.ndarray]
    """For each sensor (k, *shape), float32, or uint8 for pictures."""
    rewards: NDArray[np.float64]
    """(k,) Reward of the agent and its group since its last decision."""
    done: NDArray[np.bool_]
    """(k,) The episode ended; all others wait for an action."""
    interrupted: NDArray[np.bool_]
    """(k,) The episode ended by a time limit, not by the agent's actions."""
    forbidden: list[NDArray[np.bool_] | None]
    """For each agent the actions that it must not take, over all branches; None if all are allowed."""


def decode_agents(agents: Any, behaviour: Behaviour) -> AgentBatch:
    """Decode the agents of a behaviour in a message.

    Args:
        agents: repeated AgentInfoProto, not empty.
        behaviour: their behaviour.

    Raises:
        MessageError: A number is not finite, or agents have other sensors or actions than the behaviour.
    """
    ids = [agent.id for agent in agents]
    boxes = sensor_boxes(behaviour.observation_space)
    _check_alike(agents, behaviour, len(boxes))
    rewards = np.array([(agent.reward, agent.group_reward) for agent in agents], np.float64)
    sensors = zip(*(agent.observations for agent in agents), strict=True)
    batch = AgentBatch(
        ids,
        [_decode_sensor(seen, box.shape, behaviour.name) for seen, box in zip(sensors, boxes, strict=True)],
        rewards.sum(axis=1),
        np.array([agent.done for agent in agents], np.bool_),
        np.array([agent.max_step_reached for agent in agents], np.bool_),
        [np.array(agent.action_mask, np.bool_) if agent.action_mask else None for agent in agents],
    )
    _check_finite(batch, behaviour.name)
    return batch


def _check_alike(agents: Any, behaviour: Behaviour, n_sensors: int) -> None:
    n_choices = sum(behaviour.branches)
    for agent in agents:
        if len(agent.observations) != n_sensors:
            raise MessageError(
                f"agent {agent.id} of behaviour {behaviour.name} has {len(agent.observations)} sensors, "
                f"but the behaviour has {n_sensors}"
            )
        if len(agent.action_mask) not in (0, n_choices):
            raise MessageError(
                f"agent {agent.id} of behaviour {behaviour.name} has a mask of {len(agent.action_mask)} choices, "
                f"but the behaviour has {n_choices}"
            )


def _decode_sensor(observations: Any, shape: tuple[int, ...], behaviour: str) -> np.ndarray:
    announced = tuple(observations[0].shape)
    if announced != shape:
        raise MessageError(f"a sensor of behaviour {behaviour} has shape {announced}, but had {shape} before")
    if observations[0].compression_type == PNG:
        return np.stack(
            [images.decode(shape, o.compressed_data, o.compressed_channel_mapping) for o in observations]
        )
    # A serialised packed list of floats is a short header and the floats as in memory; joining and splitting all of
    # them at once takes less time than a single list of Python floats.
    width = 4 * math.prod(shape)
    header = 1 + max(1, math.ceil(width.bit_length() / 7)) if width else 0
    parts = [observation.float_data.SerializePartialToString() for observation in observations]
    if any(len(part) != header + width for part in parts):
        raise MessageError(f"a sensor of shape {shape} has a different number of values in some agents")
    block = np.frombuffer(b"".join(parts), np.uint8).reshape(len(parts), header + width)
    return np.ascontiguousarray(block[:, header:]).view("<f4").reshape(len(parts), *shape)


def _check_finite(batch: AgentBatch, behaviour: str) -> None:
    columns = {"reward": batch.rewards} | {f"observation {i}": o for i, o in enumerate(batch.observations)}
    for name, values in columns.items():
        if values.dtype != np.uint8 and not np.isfinite(values).all():
            bad = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
            agent = batch.ids[int(np.argmax(bad))]
            raise MessageError(f"the {name} of agent {agent} of behaviour {behaviour} is NaN or infinite")
