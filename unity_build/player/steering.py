"""Controls of a tank: numbers, or choices of which some are forbidden."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unity_build.player.tank import ACTION_SIZE

SPEEDS = (0.0, 0.5, 1.0)
TURNS = (-1.0, 0.0, 1.0)
ASIDE = 0.3
"""Sine of the target's bearing beyond which a tank must not turn away from it."""


class Steering(Protocol):
    """What an action of a behaviour is."""

    def announce(self, spec: Any) -> None:
        """Fill in an ActionSpecProto."""

    def forbidden(self, observation: NDArray[np.float32]) -> list[bool]:
        """Return which choices, over all branches, a tank that sees this must not make; empty: it may make all."""

    def command(self, action: Any, observation: NDArray[np.float32]) -> list[float]:
        """Turn an AgentActionProto for a tank that sees this into speed and yaw rate, as shares of the highest.

        Raises:
            ValueError: The choice is forbidden.
        """


class Numbers:
    """Speed and yaw rate as continuous actions; see `Steering`."""

    def announce(self, spec: Any) -> None:
        """See `Steering`."""
        spec.num_continuous_actions = ACTION_SIZE

    def forbidden(self, observation: NDArray[np.float32]) -> list[bool]:
        """See `Steering`."""
        return []

    def command(self, action: Any, observation: NDArray[np.float32]) -> list[float]:
        """See `Steering`."""
        return list(action.continuous_actions)


class Choices:
    """A branch of speeds and one of turns; turning away from the target is forbidden. See `Steering`."""

    def announce(self, spec: Any) -> None:
        """See `Steering`."""
        spec.num_discrete_actions = ACTION_SIZE
        spec.discrete_branch_sizes.extend((len(SPEEDS), len(TURNS)))

    def forbidden(self, observation: NDArray[np.float32]) -> list[bool]:
        """See `Steering`."""
        to_the_left = float(observation[1])
        return [False] * len(SPEEDS) + [turn * to_the_left < -ASIDE for turn in TURNS]

    def command(self, action: Any, observation: NDArray[np.float32]) -> list[float]:
        """See `Steering`."""
        speed, turn = action.discrete_actions
        if self.forbidden(observation)[len(SPEEDS) + turn]:
            raise ValueError(f"turn {turn} was chosen, which is forbidden")
        return [SPEEDS[speed], TURNS[turn]]
