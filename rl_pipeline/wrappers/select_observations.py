"""Observations without some of their numbers."""

from collections.abc import Mapping, Sequence

from gymnasium import spaces
from gymnasium.vector import VectorEnv
from gymnasium.vector.utils import batch_space

from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.observations import PLAIN
from rl_pipeline.policies.transforms import SelectNumbers
from rl_pipeline.wrappers.base import TransformWrapper
from rl_pipeline.wrappers.observations import map_space, space_parts


class SelectObservations(TransformWrapper):
    """Keep some numbers of the observations, for instance positions without velocities.

    A policy that acts alone drops the same numbers itself.

    Args:
        env: The vector environment.
        indices: Positions of the kept numbers, counted from 0, in the order of the policy's observation; in Dict
            spaces, a mapping from keys to such lists. Other keys pass unchanged.

    Raises:
        ValueError: A part is missing or not a vector, or an index is repeated or out of range.
    """

    def __init__(self, env: VectorEnv, indices: Sequence[int] | Mapping[str, Sequence[int]]) -> None:
        space = env.single_observation_space
        by_key = indices if isinstance(indices, Mapping) else {PLAIN: indices}
        kept = {key: tuple(chosen) for key, chosen in by_key.items()}
        for key, chosen in kept.items():
            _check(space_parts(space), key, chosen)
        super().__init__(env, SelectNumbers(kept))
        self.single_observation_space = map_space(
            space,
            kept,
            lambda key, box: spaces.Box(
                box.low[list(kept[key])], box.high[list(kept[key])], dtype=box.dtype.type
            ),
        )
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def state_dict(self) -> StateDict:
        """Return nothing: the wrapper has no state."""
        return {}

    def load_state_dict(self, state: StateDict) -> None:
        """Restore nothing."""


def _check(parts: Mapping[str, spaces.Space], key: str, chosen: Sequence[int]) -> None:
    part = parts.get(key)
    if part is None:
        raise ValueError(f"indices: the observation has no part '{key}'; its parts are {', '.join(parts)}")
    if not isinstance(part, spaces.Box) or len(part.shape) != 1:
        raise ValueError(f"indices: {key} must be a vector, is {part}")
    size = part.shape[0]
    if not chosen or len(set(chosen)) < len(chosen) or not all(0 <= index < size for index in chosen):
        raise ValueError(
            f"indices of {key} must be different numbers from 0 to {size - 1}, at least one, got {list(chosen)}"
        )
