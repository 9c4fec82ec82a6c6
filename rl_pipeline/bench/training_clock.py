"""Clock that splits the time of a training into its parts."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from stable_baselines3.common.base_class import BaseAlgorithm

PARTS = {"collect": "collect_rollouts", "update": "train"}
"""The parts of an iteration and their methods, in SB3 and in libraries with its interface."""

Result = TypeVar("Result")


class TrainingClock:
    """Trains a model in pieces and measures each.

    Args:
        model: The model; its methods are wrapped to measure their time.
    """

    def __init__(self, model: BaseAlgorithm) -> None:
        self.model: Any = model
        self._spent = dict.fromkeys(PARTS, 0.0)
        for part, method in PARTS.items():
            setattr(model, method, self._timed(part, getattr(model, method)))

    def _timed(self, part: str, function: Callable[..., Result]) -> Callable[..., Result]:
        def run(*args: object, **kwargs: object) -> Result:
            start = time.perf_counter()
            result = function(*args, **kwargs)
            self._spent[part] += time.perf_counter() - start
            return result

        return run

    def warm_up(self) -> None:
        """Fill the replay buffer of an off-policy algorithm with random actions, up to the first update."""
        steps = getattr(self.model, "learning_starts", 0) // self.model.n_envs
        if steps:
            self.model.learn(self.model.n_envs * steps)

    def learn(self, timesteps: int) -> dict[str, float]:
        """Train for this many timesteps; return the seconds of each part and of the whole (`total`)."""
        self._spent = dict.fromkeys(PARTS, 0.0)
        start = time.perf_counter()
        self.model.learn(timesteps, reset_num_timesteps=False, log_interval=None)
        return {**self._spent, "total": time.perf_counter() - start}
