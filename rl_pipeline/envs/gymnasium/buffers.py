"""The arrays that a step of a batch of environments reads and writes, in one block of memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import Space

from rl_pipeline.envs.batch import ARRAY_SPACES, Batch, array_shape, leaves
from rl_pipeline.envs.gymnasium.step_metrics import CAPACITY, metric_infos

ALIGNMENT = 64
"""Bytes of a cache line: workers that write neighbouring arrays do not slow each other down."""


@dataclass
class StepBuffers:
    """Actions, observations, rewards, flags and metrics of n environments."""

    actions: np.ndarray
    """(n, *action shape), in the dtype of the action space."""
    observations: Batch
    final_observations: Batch
    """Last observations of the episodes that ended in this step; other rows are undefined."""
    rewards: np.ndarray
    """(n,) float64."""
    terminated: np.ndarray
    """(n,) bool."""
    truncated: np.ndarray
    """(n,) bool."""
    metric_values: np.ndarray
    """(CAPACITY, n) float64."""
    metric_mask: np.ndarray
    """(CAPACITY, n) bool."""
    stepping: np.ndarray
    """(n,) int64; the first row of each group holds the index in the group of the environment that is stepped."""

    def rows(self, rows: slice) -> "StepBuffers":
        """Return views of some environments."""
        return StepBuffers(
            self.actions[rows],
            self.observations.rows(rows),
            self.final_observations.rows(rows),
            self.rewards[rows],
            self.terminated[rows],
            self.truncated[rows],
            self.metric_values[:, rows],
            self.metric_mask[:, rows],
            self.stepping[rows],
        )

    def infos(self, parts: Sequence[tuple[slice, Sequence[str]]]) -> dict[str, Any]:
        """Return copies of the metrics; `parts` as for `metric_infos`."""
        return dict(metric_infos(self.metric_values, self.metric_mask, parts))

    def step_result(
        self, parts: Sequence[tuple[slice, Sequence[str]]]
    ) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Return copies of all results in the form of `VectorEnv.step`."""
        terminated, truncated, infos = self.terminated.copy(), self.truncated.copy(), self.infos(parts)
        finished = terminated | truncated
        if finished.any():
            infos["final_obs"] = self.final_observations.copy()
            infos["_final_obs"] = finished
        return self.observations.copy(), self.rewards.copy(), terminated, truncated, infos


def buffer_size(observation_space: Space, action_space: Space, n: int) -> int:
    """Return the bytes of memory that `map_buffers` needs."""
    return sum(_padded(shape, dtype) for shape, dtype in _layout(observation_space, action_space, n))


def map_buffers(memory: Any, observation_space: Space, action_space: Space, n: int) -> StepBuffers:
    """Lay out the buffers of n environments in a writable block of memory.

    Args:
        memory: an object with the buffer protocol, of at least `buffer_size` bytes.
        observation_space: observation space of a single environment.
        action_space: action space of a single environment; Box, Discrete, MultiDiscrete or MultiBinary.
        n: the number of environments.
    """
    arrays, offset = [], 0
    for shape, dtype in _layout(observation_space, action_space, n):
        arrays.append(np.ndarray(shape, dtype, memory, offset))
        offset += _padded(shape, dtype)
    parts = len(leaves(observation_space))
    observations = Batch(observation_space, arrays[1 : 1 + parts])
    final_observations = Batch(observation_space, arrays[1 + parts : 1 + 2 * parts])
    return StepBuffers(arrays[0], observations, final_observations, *arrays[1 + 2 * parts :])


def allocate_buffers(observation_space: Space, action_space: Space, n: int) -> StepBuffers:
    """Return zeroed buffers in private memory of this process; arguments as for `map_buffers`."""
    memory = bytearray(buffer_size(observation_space, action_space, n))
    return map_buffers(memory, observation_space, action_space, n)


def _layout(observation_space: Space, action_space: Space, n: int) -> list[tuple[tuple[int, ...], np.dtype]]:
    if not isinstance(action_space, ARRAY_SPACES):
        valid = ", ".join(kind.__name__ for kind in ARRAY_SPACES)
        raise TypeError(f"{action_space} is not a supported action space; valid action spaces are {valid}")
    observations = [((n, *leaf.shape), leaf.dtype) for leaf in leaves(observation_space)]
    number, flag = np.dtype(np.float64), np.dtype(np.bool_)
    flags: list[tuple[tuple[int, ...], np.dtype]] = [((n,), number), ((n,), flag), ((n,), flag)]
    metrics: list[tuple[tuple[int, ...], np.dtype]] = [((CAPACITY, n), number), ((CAPACITY, n), flag)]
    actions = ((n, *array_shape(action_space)), np.dtype(action_space.dtype))
    stepping = ((n,), np.dtype(np.int64))
    return [actions, *observations, *observations, *flags, *metrics, stepping]


def _padded(shape: tuple[int, ...], dtype: np.dtype) -> int:
    size = int(np.prod(shape)) * dtype.itemsize
    return -(-size // ALIGNMENT) * ALIGNMENT
