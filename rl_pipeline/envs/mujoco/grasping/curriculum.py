"""A tolerance that shrinks while a policy learns."""

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.plain_data import StateDict

EPISODES = 100
"""How many finished episodes the success rate is taken over."""


class Curriculum:
    """A tolerance on angles that is reduced whenever enough of the last episodes succeeded.

    The success rate counts the last `EPISODES` episodes since the last reduction, so each tolerance is mastered
    before the next one.

    Args:
        factor: What the tolerance is divided by.
        minimum: The last tolerance, in radians.
        performance: Success rate above which the tolerance is reduced.

    Attributes:
        tolerance: Radians; starts at pi, which every orientation fulfils.
        is_frozen: Whether episodes are not counted, as in an evaluation.
    """

    def __init__(self, factor: float, minimum: float, performance: float) -> None:
        self.factor = factor
        self.minimum = minimum
        self.performance = performance
        self.tolerance = float(np.pi)
        self.is_frozen = False
        self._successes: list[bool] = []

    @property
    def is_done(self) -> bool:
        """Whether the tolerance is the last one."""
        return self.tolerance <= self.minimum

    def count(self, successes: NDArray[np.bool_]) -> None:
        """Take how episodes ended, in the order of the simulations."""
        if self.is_frozen or self.is_done:
            return
        self._successes = [*self._successes, *successes.tolist()][-EPISODES:]
        if len(self._successes) == EPISODES and np.mean(self._successes) > self.performance:
            self.tolerance = max(self.tolerance / self.factor, self.minimum)
            self._successes = []

    def state_dict(self) -> StateDict:
        """Return tolerance and episodes."""
        return {"tolerance": self.tolerance, "successes": list(self._successes)}

    def load_state_dict(self, state: StateDict) -> None:
        """Continue from what `state_dict` returned."""
        self.tolerance = state["tolerance"]
        self._successes = list(state["successes"])
