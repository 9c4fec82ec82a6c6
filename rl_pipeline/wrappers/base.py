"""The base of all vector wrappers: state for checkpoints, and resets of single environments."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv, VectorWrapper
from numpy.typing import NDArray

from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.observations import Observation, merge_rows
from rl_pipeline.policies.transforms import State, Transform

Infos = dict[str, Any]
"""Metrics of a step as `infos[name]` (n,) float64 beside `infos["_" + name]` (n,) bool, and `final_obs`."""

Seed = int | Sequence[int | None] | None
"""Seed of environment 0, incremented for the others; or one for each; None continues the generators."""

StepResult = tuple[Observation, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], Infos]
"""Observations, rewards, terminated, truncated, each of n rows, and infos."""

ResetOptions = Mapping[str, object] | None
"""Options of a reset; `reset_mask`, bool (num_envs,), selects the environments to reset."""

Frames = tuple[Any, ...]
"""Pictures, (height, width, 3) uint8; (None,) if there is none, which Gymnasium's type leaves out."""


class StatefulWrapper(VectorWrapper):
    """A vector wrapper whose own state can be saved and restored.

    The state does not include that of the wrapped environment. It is plain data: None, bool, int, float, str,
    lists, dicts with str keys and numpy arrays.

    A policy that was trained with the wrapper can act without it only if the wrapper has a method `policy_transform`.
    The method returns the `Transform` of the observations, which the policy then applies itself, or None if there is
    nothing to apply; see `TrainingWrapper` and `TransformWrapper`.
    """

    @abstractmethod
    def state_dict(self) -> StateDict:
        """Return this wrapper's own state as plain data."""

    @abstractmethod
    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`."""


class TrainingWrapper(StatefulWrapper):
    """A wrapper that a policy does not need to act alone, such as noise, statistics and time limits."""

    def policy_transform(self) -> None:
        """Return None: there is nothing to apply to the observations."""


class TransformWrapper(StatefulWrapper):
    """A vector wrapper that applies a transform with a state to the observations.

    Args:
        env: The vector environment.
        transform: The transform of the observations, which a policy that acts alone applies, too.
    """

    def __init__(self, env: VectorEnv, transform: Transform) -> None:
        super().__init__(env)
        self.transform = transform
        self._state: State = {}

    def policy_transform(self) -> Transform:
        """Return the transform, which a policy that acts alone applies itself."""
        return self.transform

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: ResetOptions = None
    ) -> tuple[Observation, Infos]:
        """Reset the environments; those that are not reset keep their state."""
        mask = reset_mask(options, self.num_envs)
        observation, infos = self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]
        fresh = self.transform.advance(observation, {}, np.ones(self.num_envs, dtype=bool))
        old = self._state or fresh
        self._state = {key: merge_rows(mask, rows, old[key]) for key, rows in fresh.items()}
        return self.transform.view(observation, self._state), infos

    def step(self, actions: np.ndarray) -> StepResult:
        """Step the environments and transform their observations, including the last ones of episodes."""
        observation, rewards, terminated, truncated, infos = self.env.step(actions)
        state = self.transform.record(np.asarray(actions), self._state)
        if "final_obs" in infos:
            no_start = np.zeros(self.num_envs, dtype=bool)
            infos["final_obs"], _ = self.transform.observe(infos["final_obs"], state, no_start)
        starts = finished(terminated, truncated)
        transformed, self._state = self.transform.observe(observation, state, starts)
        return transformed, rewards, terminated, truncated, infos


def reset_mask(options: ResetOptions, num_envs: int) -> NDArray[np.bool_]:
    """Return the mask of the environments that a `reset` with these options resets, (num_envs,); by default, all.

    Wrappers read it before they pass the options on, since Gymnasium's environments remove it from the dict.

    Raises:
        ValueError: The mask is of another type or shape.
    """
    mask = (options or {}).get("reset_mask")
    if mask is None:
        return np.ones(num_envs, dtype=bool)
    array = np.array(mask)
    if array.shape != (num_envs,) or array.dtype != bool:
        found = f"{array.dtype} {array.shape}"
        raise ValueError(f"reset_mask must be bool ({num_envs},), one per environment, not {found}")
    return array


def finished(terminated: NDArray[np.bool_], truncated: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether the environments' episodes ended in a step, shape (num_envs,)."""
    return np.logical_or(terminated, truncated)
