"""The task of the cart: stay near the middle of the rail."""

from typing import Any

import numpy as np

from rl_pipeline.envs.ros.topics import TopicTask


class Stay(TopicTask):
    """Rewards a small distance from the middle."""

    def reward(self, observation: Any, action: np.ndarray, next_observation: Any) -> float:
        """Return the negative distance."""
        return -abs(float(next_observation[0]))

    def terminated(self, observation: Any) -> bool:
        """Return whether the cart has left the rail."""
        return abs(float(observation[0])) > 3.0

    def metrics(self, observation: Any) -> dict[str, float]:
        """Return the distance."""
        return {"distance": abs(float(observation[0]))}
