"""A task that rewards nothing."""

from typing import Any

import numpy as np

from rl_pipeline.envs.ros.topics import TopicTask


class Watch(TopicTask):
    """Does not care."""

    def reward(self, observation: Any, action: np.ndarray, next_observation: Any) -> float:
        """Return nothing."""
        return 0.0
