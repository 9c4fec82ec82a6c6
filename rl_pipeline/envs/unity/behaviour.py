"""The spaces of a behaviour, and its actions in Unity's terms."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.envs.unity.errors import MessageError
from rl_pipeline.envs.unity.messages import message_class

CONTINUOUS_SPACE = 1
"""Value of `BrainParameters.vector_action_space_type_deprecated`."""
NONE, PNG = 0, 1
"""Values of `Observation.compression_type`."""
MAX_SENSORS, MAX_DIMENSIONS, MAX_NUMBERS, MAX_ACTIONS = 256, 8, 2**24, 2**16
"""Limits of a behaviour; a damaged message must not exhaust the memory of the machine."""


class Behaviour:
    """Observations and actions of agents of one kind.

    A single sensor is a Box; several sensors are a Dict by name. Continuous actions are a Box, discrete actions are
    Discrete or MultiDiscrete; an agent with both has a Box of the continuous actions, followed by a score for each
    choice of each branch, of which the highest wins.

    Args:
        parameters: BrainParametersProto.
        agent: AgentInfoProto of any of its agents.

    Raises:
        MessageError: The sensors or actions are not valid.
    """

    def __init__(self, parameters: Any, agent: Any) -> None:
        self.name: str = parameters.brain_name
        spec = parameters.action_spec
        self.n_continuous: int = spec.num_continuous_actions
        self.branches: list[int] = list(spec.discrete_branch_sizes)
        if not self.n_continuous and not self.branches:  # packages before 2.0
            sizes = list(parameters.vector_action_size_deprecated)
            if parameters.vector_action_space_type_deprecated == CONTINUOUS_SPACE:
                self.n_continuous = sum(sizes[:1])
            else:
                self.branches = sizes
        self._check_actions()
        self.sensors = _sensor_names(self.name, agent.observations)
        _check_shapes(self.name, agent.observations)
        boxes = [_box(observation) for observation in agent.observations]
        self.observation_space: spaces.Space = (
            boxes[0] if len(boxes) == 1 else spaces.Dict(list(zip(self.sensors, boxes, strict=True)))
        )
        self.action_space = self._action_space()
        self._action_proto = message_class("AgentActionProto")

    def _check_actions(self) -> None:
        is_positive = self.n_continuous >= 0 and all(size > 0 for size in self.branches)
        if not is_positive or self.n_continuous + sum(self.branches) > MAX_ACTIONS:
            raise MessageError(
                f"behaviour {self.name!r} has {self.n_continuous} continuous actions and branches of "
                f"{self.branches[:10]} choices; valid are positive numbers with a sum of at most {MAX_ACTIONS}"
            )

    def _action_space(self) -> spaces.Space:
        if self.n_continuous:
            return spaces.Box(-1.0, 1.0, (self.n_continuous + sum(self.branches),), np.float32)
        if len(self.branches) == 1:
            return spaces.Discrete(self.branches[0])
        return spaces.MultiDiscrete(self.branches)

    def protos(self, actions: np.ndarray, forbidden: Sequence[NDArray[np.bool_] | None]) -> list[object]:
        """Return actions as messages.

        Args:
            actions: (k, *action shape).
            forbidden: forbidden actions of each agent. A forbidden choice, for example in a repeated action, is
                replaced by the first allowed one.
        """
        actions = np.asarray(actions)
        actions = actions.reshape(len(forbidden), math.prod(actions.shape[1:]))
        continuous = actions[:, : self.n_continuous].tolist()
        discrete = actions[:, self.n_continuous :].astype(np.float64)
        if self.n_continuous and self.branches:
            discrete = self._choices(discrete, forbidden)
        elif self.branches:
            discrete = self._allowed(discrete.astype(int), forbidden)
        chosen = discrete.astype(int).tolist()
        return [
            self._action_proto(continuous_actions=c, discrete_actions=d, vector_actions_deprecated=c or d)
            for c, d in zip(continuous, chosen, strict=True)
        ]

    def _choices(
        self, scores: NDArray[np.float64], forbidden: Sequence[NDArray[np.bool_] | None]
    ) -> NDArray[np.float64]:
        for row, mask in enumerate(forbidden):
            if mask is not None:
                scores[row, mask] = -np.inf
        parts = np.split(scores, np.cumsum(self.branches)[:-1], axis=1)
        return np.stack([part.argmax(axis=1) for part in parts], axis=1)

    def _allowed(self, choices: np.ndarray, forbidden: Sequence[NDArray[np.bool_] | None]) -> np.ndarray:
        first_allowed = self.still(forbidden)
        starts = np.cumsum([0, *self.branches[:-1]])
        for row, mask in enumerate(forbidden):
            if mask is not None:
                choices[row] = np.where(mask[starts + choices[row]], first_allowed[row], choices[row])
        return choices

    def still(self, forbidden: Sequence[NDArray[np.bool_] | None]) -> np.ndarray:
        """Return actions that do nothing: zeros, and the first allowed choice of each branch."""
        if self.n_continuous:
            return np.zeros((len(forbidden), self.n_continuous + sum(self.branches)), np.float32)
        bounds = np.cumsum(self.branches)[:-1]
        actions = np.zeros((len(forbidden), len(self.branches)), np.int64)
        for row, mask in enumerate(forbidden):
            if mask is not None:
                actions[row] = [int(part.argmin()) for part in np.split(mask, bounds)]
        return actions


def _sensor_names(behaviour: str, observations: Any) -> list[str]:
    if len(observations) > MAX_SENSORS:
        raise MessageError(
            f"behaviour {behaviour!r} has {len(observations)} sensors; at most {MAX_SENSORS} are allowed"
        )
    given = [observation.name or f"sensor_{index}" for index, observation in enumerate(observations)]
    names = [f"{name}_{i}" if given.count(name) > 1 else name for i, name in enumerate(given)]
    if len(set(names)) != len(names):
        raise MessageError(
            f"behaviour {behaviour!r} has several sensors of the same name: {', '.join(sorted(given))}"
        )
    return names


def _check_shapes(behaviour: str, observations: Any) -> None:
    total = 0
    for index, observation in enumerate(observations):
        shape, compression = tuple(observation.shape), observation.compression_type
        total += math.prod(shape)
        if (
            len(shape) > MAX_DIMENSIONS
            or not all(0 < size <= MAX_NUMBERS for size in shape)
            or total > MAX_NUMBERS
        ):
            raise MessageError(
                f"sensor {index} of behaviour {behaviour!r} has shape {shape[:10]}; valid are positive sizes with a "
                f"product of at most {MAX_NUMBERS} over all sensors"
            )
        if compression not in (NONE, PNG) or (compression == PNG and len(shape) != 3):
            raise MessageError(
                f"sensor {index} of behaviour {behaviour!r} has shape {shape} and compression {compression}; "
                f"valid are {NONE} (none), and {PNG} (PNG) with 3 dimensions"
            )


def _box(observation: Any) -> spaces.Box:
    shape = tuple(observation.shape)
    if observation.compression_type == PNG:
        return spaces.Box(0, 255, shape, np.uint8)
    return spaces.Box(-np.inf, np.inf, shape, np.float32)


def sensor_boxes(space: spaces.Space) -> list[spaces.Box]:
    """Return the space of each sensor."""
    found = list(space.spaces.values()) if isinstance(space, spaces.Dict) else [space]
    return [box for box in found if isinstance(box, spaces.Box)]
