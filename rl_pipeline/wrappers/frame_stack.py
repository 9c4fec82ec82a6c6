"""Observations that hold the last few frames."""

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from rl_pipeline.wrappers.base import StatefulWrapper, finished
from rl_pipeline.wrappers.observations import Observation, as_dict, map_parts


class FrameStack(StatefulWrapper):
    """Join each observation with those before it in its episode, oldest first.

    Vectors are joined end to end: shape (d,) becomes (n_frames * d,). Images are joined along their channels,
    which are the first axis if it is the smallest one and otherwise the last. The first observation of an
    episode fills all frames. In Dict spaces every Box is stacked, and discrete parts pass unchanged.

    Args:
        env: The vector environment.
        n_frames: Number of observations that are joined, at least 1.

    Raises:
        ValueError: `n_frames` is below 1, or the observation space has no Box with an axis.
    """

    def __init__(self, env: VectorEnv, n_frames: int) -> None:
        super().__init__(env)
        if n_frames < 1:
            raise ValueError(f"n_frames must be at least 1, got {n_frames}")
        self.n_frames = n_frames
        parts = as_dict(env.single_observation_space)
        boxes = {key: part for key, part in parts.items() if isinstance(part, spaces.Box) and part.shape}
        if not boxes:
            raise ValueError(
                f"FrameStack needs an observation space with a Box, got {env.single_observation_space}"
            )
        self._axes = {key: _channel_axis(box) for key, box in boxes.items()}
        self._stacks: dict[str, NDArray[Any]] = {}
        self.single_observation_space = map_parts(env.single_observation_space, boxes, self._stacked_space)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Reset the environments and fill their frames with the first observation."""
        mask = self.reset_mask(options)
        observation, infos = self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]
        parts = as_dict(observation)
        self._stacks = {
            key: self._refilled(key, self._stacks.get(key), parts[key], mask) for key in self._axes
        }
        return self._replace(observation, self._stacks), infos

    def step(self, actions: Any) -> tuple[Observation, Any, Any, Any, dict[str, Any]]:
        """Step the environments and append the new observations."""
        observation, rewards, terminated, truncated, infos = self.env.step(actions)
        done = finished(terminated, truncated)
        if "final_obs" in infos:
            final_parts = as_dict(infos["final_obs"])
            final_stacks = {key: self._appended(key, final_parts[key]) for key in self._axes}
            infos["final_obs"] = self._replace(infos["final_obs"], final_stacks)
        parts = as_dict(observation)
        self._stacks = {
            key: self._refilled(key, self._appended(key, parts[key]), parts[key], done) for key in self._axes
        }
        return self._replace(observation, self._stacks), rewards, terminated, truncated, infos

    def state_dict(self) -> dict[str, Any]:
        """Return the frames by key; a plain Box has the key `observation`."""
        return {"stacks": dict(self._stacks)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state that `state_dict` returned."""
        self._stacks = dict(state["stacks"])

    def _appended(self, key: str, newest: NDArray[Any]) -> NDArray[Any]:
        """Return the stack with its oldest frame replaced by a newest one."""
        axis = self._axes[key] + 1  # axis 0 counts the environments
        stack = self._stacks[key]
        width = newest.shape[axis]
        older = np.take(stack, np.arange(width, stack.shape[axis]), axis=axis)
        return np.concatenate([older, newest], axis=axis)

    def _refilled(
        self, key: str, stack: NDArray[Any] | None, first: NDArray[Any], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """Return the stack with all frames of the masked environments set to their first observation."""
        filled = np.concatenate([first] * self.n_frames, axis=self._axes[key] + 1)
        if stack is None or mask.all():
            return filled
        return np.where(mask.reshape(-1, *(1,) * (filled.ndim - 1)), filled, stack)

    def _replace(self, observation: Observation, stacks: dict[str, NDArray[Any]]) -> Observation:
        return map_parts(observation, stacks, lambda key, _: stacks[key])

    def _stacked_space(self, key: str, box: spaces.Box) -> spaces.Box:
        axis = self._axes[key]
        low = np.concatenate([box.low] * self.n_frames, axis=axis)
        high = np.concatenate([box.high] * self.n_frames, axis=axis)
        return spaces.Box(low, high, dtype=box.dtype.type)


def _channel_axis(box: spaces.Box) -> int:
    is_channels_first = len(box.shape) == 3 and int(np.argmin(box.shape)) == 0
    return 0 if is_channels_first else len(box.shape) - 1
