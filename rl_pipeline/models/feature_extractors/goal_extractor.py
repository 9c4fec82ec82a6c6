"""Features of observations with goals."""

from collections.abc import Sequence

import gymnasium
from stable_baselines3.common.torch_layers import CombinedExtractor


class GoalExtractor(CombinedExtractor):
    """Parts of a Dict observation end to end, by default without the goal that is reached already.

    That goal is needed for hindsight replay, but is mostly part of `observation` as well.

    Args:
        observation_space: A Dict space.
        keys: The parts, in their order.

    Raises:
        ValueError: The observation has no such part.
    """

    def __init__(
        self, observation_space: gymnasium.spaces.Dict, keys: Sequence[str] = ("observation", "desired_goal")
    ) -> None:
        missing = [key for key in keys if key not in observation_space.spaces]
        if missing:
            valid = ", ".join(observation_space.spaces)
            raise ValueError(f"the observation has no part {missing[0]!r}; valid are {valid}")
        super().__init__(gymnasium.spaces.Dict([(key, observation_space[key]) for key in keys]))
