"""Contents of a recording: cycles of a policy's control loop, and events."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from numpy.typing import NDArray

from rl_pipeline.policies.observations import Observation

Level = Literal["debug", "info", "warn", "error", "fatal"]
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True, eq=False)
class Cycle:
    """One cycle of the control loop.

    Attributes:
        time: Nanoseconds of the wall clock.
        state: What the loop does, such as `active`, `shadow`, `ramp` or `stopped`.
        episode_start: Whether the policy's memory was cleared before this cycle.
        observation: What the policy saw, raw and without a batch axis; an empty dict where there was nothing yet.
        action: What the policy gave; None where it was not asked.
        command: What was published; None where nothing was.
    """

    time: int
    state: str
    episode_start: bool
    observation: Observation
    action: NDArray[Any] | None
    command: NDArray[Any] | None


@dataclass(frozen=True)
class Event:
    """A stop, a reset, an activation.

    Attributes:
        time: Nanoseconds of the wall clock.
        level: How serious it is.
        text: What happened.
    """

    time: int
    level: Level
    text: str
