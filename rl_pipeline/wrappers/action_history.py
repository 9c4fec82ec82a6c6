"""Observations with the last few actions."""

import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.transforms import AppendActions
from rl_pipeline.wrappers.base import TransformWrapper

KEY = AppendActions.KEY


class ActionHistory(TransformWrapper):
    """Append the episode's last actions to each observation, oldest first, zeros before the first action.

    Vector observations of shape (d,) become (d + n_actions * a,), where a is the size of an action as
    `gymnasium.spaces.flatten` returns it (one-hot for discrete actions). Dict observations get the additional key
    `action_history`, float32, shape (n_actions * a,).

    Args:
        env: The vector environment.
        n_actions: Number of appended actions, at least 1.

    Raises:
        ValueError: `n_actions` is below 1, or the observation space is neither a Dict nor a vector of floats.
    """

    def __init__(self, env: VectorEnv, n_actions: int) -> None:
        if n_actions < 1:
            raise ValueError(f"n_actions must be at least 1, got {n_actions}")
        flat = spaces.flatten_space(env.single_action_space)
        if not isinstance(flat, spaces.Box):
            raise ValueError(f"ActionHistory cannot flatten the action space {env.single_action_space}")
        low = np.tile(np.minimum(flat.low, 0), n_actions).astype(np.float32)
        high = np.tile(np.maximum(flat.high, 0), n_actions).astype(np.float32)
        extended = _extended(env.single_observation_space, low, high)
        super().__init__(env, _transform(env.single_action_space, n_actions, flat.shape[0]))
        self.single_observation_space = extended
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def state_dict(self) -> StateDict:
        """Return the stored actions."""
        return {"history": self._state[KEY].copy()}

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`."""
        self._state = {KEY: np.array(state["history"], dtype=np.float32)}


def _transform(space: spaces.Space, n_actions: int, action_size: int) -> AppendActions:
    if isinstance(space, spaces.Discrete):
        return AppendActions(n_actions, action_size, (int(space.n),), (int(space.start),))
    if isinstance(space, spaces.MultiDiscrete):
        choices, first = space.nvec.ravel().tolist(), space.start.ravel().tolist()
        return AppendActions(n_actions, action_size, tuple(choices), tuple(first))
    return AppendActions(n_actions, action_size)


def _extended(
    space: spaces.Space, low: NDArray[np.float32], high: NDArray[np.float32]
) -> spaces.Box | spaces.Dict:
    if isinstance(space, spaces.Dict):
        return spaces.Dict({**space.spaces, KEY: spaces.Box(low, high)})
    if isinstance(space, spaces.Box) and len(space.shape) == 1 and np.issubdtype(space.dtype, np.floating):
        bounds = np.concatenate([space.low, low]), np.concatenate([space.high, high])
        return spaces.Box(bounds[0], bounds[1], dtype=space.dtype.type)
    raise ValueError(f"ActionHistory needs a Dict or a vector of floats as observation space, got {space}")
