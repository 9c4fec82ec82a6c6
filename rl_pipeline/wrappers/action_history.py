"""Observations that hold the last few actions."""

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from rl_pipeline.wrappers.base import StatefulWrapper, finished
from rl_pipeline.wrappers.observations import Observation


class ActionHistory(StatefulWrapper):
    """Append the episode's last actions to each observation, oldest first, zeros before the first action.

    Vector observations of shape (d,) become (d + n_actions * a,), where a is the size of an action as
    `gymnasium.spaces.flatten` gives it (one-hot for discrete actions). Dict observations get the further key
    `action_history`, float32, shape (n_actions * a,).

    Args:
        env: The vector environment.
        n_actions: Number of actions that are appended, at least 1.

    Raises:
        ValueError: `n_actions` is below 1, or the observation space is neither a Dict nor a vector of floats.
    """

    KEY = "action_history"

    def __init__(self, env: VectorEnv, n_actions: int) -> None:
        super().__init__(env)
        if n_actions < 1:
            raise ValueError(f"n_actions must be at least 1, got {n_actions}")
        flat = spaces.flatten_space(env.single_action_space)
        if not isinstance(flat, spaces.Box):
            raise ValueError(f"ActionHistory cannot flatten the action space {env.single_action_space}")
        self._action_size = flat.shape[0]
        low = np.tile(np.minimum(flat.low, 0), n_actions).astype(np.float32)
        high = np.tile(np.maximum(flat.high, 0), n_actions).astype(np.float32)
        self.single_observation_space = _extended(env.single_observation_space, low, high)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self._history: NDArray[np.float32] = np.zeros((self.num_envs, low.size), dtype=np.float32)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Reset the environments and forget their actions."""
        self._history[self.reset_mask(options)] = 0.0
        observation, infos = self.env.reset(seed=seed, options=options)  # type: ignore[arg-type]
        return self._append(observation), infos

    def step(self, actions: Any) -> tuple[Observation, Any, Any, Any, dict[str, Any]]:
        """Step the environments and remember the actions."""
        observation, rewards, terminated, truncated, infos = self.env.step(actions)
        self._history = np.concatenate(
            [self._history[:, self._action_size :], self._flatten(actions)], axis=1, dtype=np.float32
        )
        if "final_obs" in infos:
            infos["final_obs"] = self._append(infos["final_obs"])
        self._history[finished(terminated, truncated)] = 0.0
        return self._append(observation), rewards, terminated, truncated, infos

    def state_dict(self) -> dict[str, Any]:
        """Return the remembered actions."""
        return {"history": self._history.copy()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state that `state_dict` returned."""
        self._history = np.array(state["history"], dtype=np.float32)

    def _flatten(self, actions: Any) -> NDArray[Any]:
        space = self.env.single_action_space
        if isinstance(space, spaces.Box):
            return np.asarray(actions).reshape(self.num_envs, -1)
        return np.stack([np.asarray(spaces.flatten(space, action)) for action in actions])

    def _append(self, observation: Observation) -> Observation:
        if isinstance(observation, dict):
            return observation | {self.KEY: self._history.copy()}
        return np.concatenate([observation, self._history], axis=1, dtype=observation.dtype)


def _extended(
    space: spaces.Space[Any], low: NDArray[np.float32], high: NDArray[np.float32]
) -> spaces.Box | spaces.Dict:
    if isinstance(space, spaces.Dict):
        return spaces.Dict({**space.spaces, ActionHistory.KEY: spaces.Box(low, high)})
    if isinstance(space, spaces.Box) and len(space.shape) == 1 and np.issubdtype(space.dtype, np.floating):
        bounds = np.concatenate([space.low, low]), np.concatenate([space.high, high])
        return spaces.Box(bounds[0], bounds[1], dtype=space.dtype.type)
    raise ValueError(f"ActionHistory needs a Dict or a vector of floats as observation space, got {space}")
