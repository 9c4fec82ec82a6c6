"""Base class of tasks for robots behind topics: reward and end of an episode."""

from collections.abc import Mapping

import numpy as np

from rl_pipeline.policies.observations import Observation


class TopicTask:
    """Reward, end and metrics; each environment has its own task, which may have a state.

    Its arguments are `environment.kwargs`.

    Observations are float32 arrays with the numbers of `ros_topics.observations`; with `ros_topics.images` they are
    dictionaries of `state`, if there are numbers, and the images.
    """

    def reset(self, observation: Observation) -> None:
        """Start an episode.

        Args:
            observation: The first observation.
        """

    def reward(self, observation: Observation, action: np.ndarray, next_observation: Observation) -> float:
        """Return the reward of a step.

        Args:
            observation: Observation before the step.
            action: The published action, in units of the messages.
            next_observation: Observation after the step.
        """
        raise NotImplementedError

    def terminated(self, observation: Observation) -> bool:
        """Return whether the task has ended, with success or failure."""
        return False

    def metrics(self, observation: Observation) -> Mapping[str, float]:
        """Return further metrics of a step, e.g. `{"distance": 1.5}`; `success` is averaged over episodes."""
        return {}
