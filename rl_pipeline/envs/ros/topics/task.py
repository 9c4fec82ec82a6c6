"""What a user writes about a robot behind topics: reward and end of an episode."""

from collections.abc import Mapping
from typing import Any

import numpy as np


class TopicTask:
    """Reward, end and metrics; each environment has a task of its own, which may remember what it needs.

    Its arguments are `environment.kwargs`.

    Observations are float32 arrays with the numbers of `ros_topics.observations`; with `ros_topics.images` they are
    dictionaries of `state`, where there are numbers, and the pictures.
    """

    def reset(self, observation: Any) -> None:
        """Begin an episode.

        Args:
            observation: The first one.
        """

    def reward(self, observation: Any, action: np.ndarray, next_observation: Any) -> float:
        """Return the reward of a step.

        Args:
            observation: Before it.
            action: What was published, in units of the messages.
            next_observation: After it.
        """
        raise NotImplementedError

    def terminated(self, observation: Any) -> bool:
        """Tell whether the task has ended, well or badly."""
        return False

    def metrics(self, observation: Any) -> Mapping[str, float]:
        """Return what else to record of a step, e.g. `{"distance": 1.5}`; `success` is averaged over episodes."""
        return {}
