"""Base class of tasks for robots behind topics: reward and end of an episode."""

from collections.abc import Mapping

import numpy as np

from rl_pipeline.policies.observations import Observation


class TopicTask:
    """Reward, end and metrics; each environment has a task of its own, which may remember what it needs.

    Its arguments are `environment.kwargs`.

    Observations are float32 arrays with the numbers of `ros_topics.observations`; with `ros_topics.images` they are
    dictionaries of `state`, where there are numbers, and the pictures.
    """

    def reset(self, observation: Observation) -> None:
        """Begin an episode.

        Args:
            observation: The first one.
        """

    def reward(self, observation: Observation, action: np.ndarray, next_observation: Observation) -> float:
        """Return the reward of a step.

        Args:
            observation: Before it.
            action: What was published, in units of the messages.
            next_observation: After it.
        """
        raise NotImplementedError

    def terminated(self, observation: Observation) -> bool:
        """Return whether the task has ended, well or badly."""
        return False

    def metrics(self, observation: Observation) -> Mapping[str, float]:
        """Return what else to record of a step, e.g. `{"distance": 1.5}`; `success` is averaged over episodes."""
        return {}
