"""Features of observations with goals."""

from collections.abc import Sequence

import gymnasium
from stable_baselines3.common.torch_layers import CombinedExtractor


class GoalExtractor(CombinedExtractor):
    """Concatenates parts of a Dict observation, by default without the achieved goal.

    Hindsight replay needs the achieved goal, but `observation` usually contains it as well.

    Args:
        observation_space: A Dict space.
        keys: The parts, in their order.

    Raises:
        ValueError: The observation does not have a part.
    """

    def __init__(
        self, observation_space: gymnasium.spaces.Dict, keys: Sequence[str] = ("observation", "desired_goal")
    ) -> None:
        missing = [key for key in keys if key not in observation_space.spaces]
        if missing:
            valid = ", ".join(observation_space.spaces)
            raise ValueError(f"the observation has no part {missing[0]!r}; valid are {valid}")
        super().__init__(gymnasium.spaces.Dict([(key, observation_space[key]) for key in keys]))
