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
        state: State of the loop, such as `active`, `shadow`, `ramp` or `stopped`.
        episode_start: Whether the policy's memory was cleared before this cycle.
        observation: The policy's observation, raw and without a batch axis; an empty dict if there was none yet.
        action: The policy's action; None if the policy was not called.
        command: The published command; None if there was none.
    """

    time: int
    state: str
    episode_start: bool
    observation: Observation
    action: NDArray[Any] | None
    command: NDArray[Any] | None


@dataclass(frozen=True)
class Event:
    """An event, such as a stop, a reset or an activation.

    Attributes:
        time: Nanoseconds of the wall clock.
        level: Severity.
        text: Description.
    """

    time: int
    level: Level
    text: str
