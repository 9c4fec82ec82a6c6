"""Tasks with goals, whose rewards can be recomputed for other goals."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.task import Batch, Task

SUCCESS = "is_success"
"""Name of the metric for reaching the goal, as in SB3 and gymnasium-robotics."""


Named = tuple[tuple[str, str], ...]
"""Name and unit of each number of an observation."""


def named_parts(name: str, parts: Iterable[str], unit: str) -> Named:
    """Return the names and units of numbers that belong together, such as `grip.position.x`."""
    return tuple((f"{name}.{part}", unit) for part in parts)


class GoalTask(Task, ABC):
    """A task that observes its goal, for goal-conditioned policies and hindsight replay.

    An observation is a dict of `observation`, `achieved_goal` and `desired_goal`. The reward of a step depends only
    on the two goals, so `compute_reward` can compute it for any pair. The desired goal of a simulation belongs in
    `batch.userdata` or in a mocap body, where it is saved and restored.
    """

    def observe(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the observations with the achieved and the desired goals, (n, ...) each."""
        return {
            "observation": self.observe_state(batch),
            "achieved_goal": self.achieved_goal(batch),
            "desired_goal": self.desired_goal(batch),
        }

    @abstractmethod
    def observe_state(self, batch: Batch) -> NDArray[np.floating]:
        """Return the observations beside the goals, (n, size)."""

    @abstractmethod
    def achieved_goal(self, batch: Batch) -> NDArray[np.floating]:
        """Return the goals that the simulations have reached, (n, size of a goal)."""

    @abstractmethod
    def desired_goal(self, batch: Batch) -> NDArray[np.floating]:
        """Return the goals that the simulations should reach, (n, size of a goal)."""

    @abstractmethod
    def is_success(self, achieved_goal: np.ndarray, desired_goal: np.ndarray) -> NDArray[np.bool_]:
        """Return whether the desired goals are reached.

        Args:
            achieved_goal: (..., size of a goal).
            desired_goal: (..., size of a goal).

        Returns:
            (...).
        """

    def compute_reward(
        self, achieved_goal: np.ndarray, desired_goal: np.ndarray, info: object = None
    ) -> NDArray[np.float64]:
        """Return the rewards of pairs of goals: by default, 0 if the goal is reached, otherwise -1.

        Args:
            achieved_goal: (..., size of a goal).
            desired_goal: (..., size of a goal).
            info: Unused; it completes the signature of Gymnasium's goal environments.

        Returns:
            (...).
        """
        return self.is_success(achieved_goal, desired_goal).astype(np.float64) - 1.0

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
        """Return the rewards of the goals that are reached now."""
        return self.compute_reward(self.achieved_goal(batch), self.desired_goal(batch))

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return whether the goals are reached."""
        return {SUCCESS: self.is_success(self.achieved_goal(batch), self.desired_goal(batch))}

    def reset_metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the same metrics at the start of the episodes."""
        return self.metrics(batch)
