"""Transforms of observations before a policy gets them, as pure functions of a state that the caller stores.

Wrappers use these transforms in training, and a policy that acts alone applies them itself, so that both get the
same observations. A state is a dict of arrays whose first axis is the environments; a transform never changes it in
place.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.policies.observations import Observation, as_dict, map_parts

State = dict[str, NDArray[Any]]


class Transform(ABC):
    """A change of observations that may depend on the earlier observations and the actions of the same episode.

    Attributes:
        has_state: Whether it depends on them.
    """

    has_state: ClassVar[bool] = True

    @abstractmethod
    def advance(self, observation: Observation, state: State, episode_starts: NDArray[np.bool_]) -> State:
        """Return the state after a batch of observations.

        Args:
            observation: Observations of the environments, of n rows.
            state: State from the previous call; `{}` at first, when every row must be the start of an episode.
            episode_starts: Rows with the first observation of an episode, (n,).
        """

    @abstractmethod
    def view(self, observation: Observation, state: State) -> Observation:
        """Return the transformed observation, given the state after it."""

    def record(self, actions: NDArray[Any], state: State) -> State:
        """Return the state after the policy took actions, (n, ...)."""
        return state

    def observe(
        self, observation: Observation, state: State, episode_starts: NDArray[np.bool_]
    ) -> tuple[Observation, State]:
        """Advance, and return the transformed observation and the next state."""
        state = self.advance(observation, state, episode_starts)
        return self.view(observation, state), state


@dataclass(frozen=True)
class Normalize(Transform):
    """Shift and scale float parts to mean 0 and variance 1, and clip them, like SB3's VecNormalize.

    The result is `clip((observation - mean) / sqrt(var + epsilon), -clip, clip)` as float32.

    Attributes:
        mean: Mean of each normalised part by key, float64; a plain observation has the key `observation`.
        var: Variance of each normalised part by key, float64.
        clip: Largest absolute value of the result.
        epsilon: Added to the variances.
    """

    mean: Mapping[str, NDArray[np.float64]]
    var: Mapping[str, NDArray[np.float64]]
    clip: float = 10.0
    epsilon: float = 1e-8

    has_state: ClassVar[bool] = False

    def advance(self, observation: Observation, state: State, episode_starts: NDArray[np.bool_]) -> State:
        """See `Transform`; there is no state."""
        return state

    def view(self, observation: Observation, state: State) -> Observation:
        """See `Transform`."""
        return map_parts(observation, self.mean, self._scale)

    def _scale(self, key: str, part: NDArray[Any]) -> NDArray[np.float32]:
        return normalize(part, self.mean[key], self.var[key], clip=self.clip, epsilon=self.epsilon)


def normalize(
    values: NDArray[Any],
    mean: NDArray[np.float64],
    var: NDArray[np.float64],
    *,
    clip: float,
    epsilon: float,
) -> NDArray[np.float32]:
    """Return `clip((values - mean) / sqrt(var + epsilon), -clip, clip)` as float32."""
    scaled = (values - mean) / np.sqrt(var + epsilon)
    return np.clip(scaled, -clip, clip).astype(np.float32)


@dataclass(frozen=True)
class SelectNumbers(Transform):
    """Keep some numbers of vectors, in a given order, and drop the others.

    Attributes:
        indices: Positions of the numbers that are kept, by key; a plain observation has the key `observation`.
    """

    indices: Mapping[str, tuple[int, ...]]

    has_state: ClassVar[bool] = False

    def advance(self, observation: Observation, state: State, episode_starts: NDArray[np.bool_]) -> State:
        """See `Transform`; there is no state."""
        return state

    def view(self, observation: Observation, state: State) -> Observation:
        """See `Transform`."""
        return map_parts(observation, self.indices, lambda key, part: part[:, list(self.indices[key])])


@dataclass(frozen=True)
class StackFrames(Transform):
    """Concatenate each observation with the previous ones of its episode, oldest first.

    The first observation of an episode fills all frames. The state contains the frames by key.

    Attributes:
        n_frames: Number of concatenated observations.
        axes: Axis of one observation along which each part is concatenated, by key.
    """

    n_frames: int
    axes: Mapping[str, int]

    def advance(self, observation: Observation, state: State, episode_starts: NDArray[np.bool_]) -> State:
        """See `Transform`."""
        parts = as_dict(observation)
        return {
            key: self._stack(axis + 1, state.get(key), parts[key], episode_starts)
            for key, axis in self.axes.items()
        }

    def view(self, observation: Observation, state: State) -> Observation:
        """See `Transform`."""
        return map_parts(observation, self.axes, lambda key, _: state[key])

    def _stack(
        self, axis: int, stack: NDArray[Any] | None, newest: NDArray[Any], starts: NDArray[np.bool_]
    ) -> NDArray[Any]:
        if stack is None or starts.all():
            return np.concatenate([newest] * self.n_frames, axis=axis)
        width = newest.shape[axis]
        older = np.take(stack, np.arange(width, stack.shape[axis]), axis=axis)
        appended = np.concatenate([older, newest], axis=axis)
        if starts.any():
            appended[starts] = np.concatenate([newest[starts]] * self.n_frames, axis=axis)
        return appended


@dataclass(frozen=True)
class AppendActions(Transform):
    """Append the episode's last actions to each observation, oldest first, zeros before the first action.

    Vectors become longer; Dict observations get the additional key `action_history`. The state contains the actions.

    Attributes:
        n_actions: Number of actions that are appended.
        action_size: Numbers in a flat action; the number of choices of a discrete one, which is one-hot.
        n_choices: Choices of each branch of a discrete action; empty for continuous and binary actions.
        first_choice: Value of the first choice of each branch.
    """

    n_actions: int
    action_size: int
    n_choices: tuple[int, ...] = ()
    first_choice: tuple[int, ...] = ()

    KEY: ClassVar[str] = "action_history"

    def advance(self, observation: Observation, state: State, episode_starts: NDArray[np.bool_]) -> State:
        """See `Transform`."""
        if not state:
            shape = len(episode_starts), self.n_actions * self.action_size
            return {self.KEY: np.zeros(shape, np.float32)}
        return {self.KEY: np.where(episode_starts[:, None], np.float32(0.0), state[self.KEY])}

    def view(self, observation: Observation, state: State) -> Observation:
        """See `Transform`."""
        history = state[self.KEY]
        if isinstance(observation, dict):
            return observation | {self.KEY: history.copy()}
        return np.concatenate([observation, history], axis=1, dtype=observation.dtype)

    def record(self, actions: NDArray[Any], state: State) -> State:
        """See `Transform.record`."""
        kept = state[self.KEY][:, self.action_size :]
        return {self.KEY: np.concatenate([kept, self.flatten(actions)], axis=1, dtype=np.float32)}

    def flatten(self, actions: NDArray[Any]) -> NDArray[np.float32]:
        """Return actions as rows of numbers, (n, action_size); discrete ones as one-hot numbers."""
        rows = np.asarray(actions).reshape(len(actions), -1)
        if not self.n_choices:
            return rows.astype(np.float32)
        branches = [
            np.eye(n, dtype=np.float32)[rows[:, index].astype(np.int64) - first]
            for index, (n, first) in enumerate(zip(self.n_choices, self.first_choice, strict=True))
        ]
        return np.concatenate(branches, axis=1)


class Chain:
    """Several transforms with their states, for a policy that acts alone.

    Args:
        transforms: The innermost first.
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = tuple(transforms)

    @property
    def has_state(self) -> bool:
        """Whether a transformed observation depends on more than the present one."""
        return any(transform.has_state for transform in self.transforms)

    def observe(
        self, observation: Observation, states: Sequence[State], episode_starts: NDArray[np.bool_]
    ) -> tuple[Observation, list[State]]:
        """Transform a batch of observations; `states` is empty at first. See `Transform.observe`."""
        following = []
        for transform, state in zip(self.transforms, states or [{}] * len(self.transforms), strict=True):
            observation, state = transform.observe(observation, state, episode_starts)
            following.append(state)
        return observation, following

    def record(self, actions: NDArray[Any], states: Sequence[State]) -> list[State]:
        """Return the states after the policy took actions, (n, ...)."""
        pairs = zip(self.transforms, states, strict=True)
        return [transform.record(actions, state) for transform, state in pairs]
