"""Observations with the last few frames."""

import numpy as np
from gymnasium import spaces
from gymnasium.vector import VectorEnv
from gymnasium.vector.utils import batch_space

from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.transforms import StackFrames
from rl_pipeline.wrappers.base import TransformWrapper
from rl_pipeline.wrappers.observations import map_space, space_parts


class FrameStack(TransformWrapper):
    """Concatenate each observation with the previous ones of its episode, oldest first.

    Vectors of shape (d,) become (n_frames * d,). Images are concatenated along their channels,
    which are the first axis if it is the smallest one and otherwise the last. The first observation of an
    episode fills all frames. In Dict spaces every Box is stacked, and discrete parts pass unchanged.

    Args:
        env: The vector environment.
        n_frames: Number of concatenated observations, at least 1.

    Raises:
        ValueError: `n_frames` is below 1, or the observation space has no Box with an axis.
    """

    def __init__(self, env: VectorEnv, n_frames: int) -> None:
        if n_frames < 1:
            raise ValueError(f"n_frames must be at least 1, got {n_frames}")
        space = env.single_observation_space
        boxes = {
            key: part
            for key, part in space_parts(space).items()
            if isinstance(part, spaces.Box) and part.shape
        }
        if not boxes:
            raise ValueError(f"FrameStack needs an observation space with a Box, got {space}")
        self.n_frames = n_frames
        self._axes = {key: _channel_axis(box) for key, box in boxes.items()}
        super().__init__(env, StackFrames(n_frames, self._axes))
        self.single_observation_space = map_space(space, boxes, self._stacked_space)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def state_dict(self) -> StateDict:
        """Return the frames by key; a plain Box has the key `observation`."""
        return {"stacks": dict(self._state)}

    def load_state_dict(self, state: StateDict) -> None:
        """Restore a state of `state_dict`."""
        self._state = dict(state["stacks"])

    def _stacked_space(self, key: str, box: spaces.Box) -> spaces.Box:
        axis = self._axes[key]
        low = np.concatenate([box.low] * self.n_frames, axis=axis)
        high = np.concatenate([box.high] * self.n_frames, axis=axis)
        return spaces.Box(low, high, dtype=box.dtype.type)


def _channel_axis(box: spaces.Box) -> int:
    is_channels_first = len(box.shape) == 3 and int(np.argmin(box.shape)) == 0
    return 0 if is_channels_first else len(box.shape) - 1
