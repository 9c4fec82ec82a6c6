"""Time limit of an environment step, and the present step of this process."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

HURRY_S = 20.0
"""Seconds that a step may still take after a request to save and stop."""


class Step(NamedTuple):
    """A running step of environments in this process."""

    started: float
    """`time.monotonic()` at its start."""
    describe: Callable[[], str]
    """Returns the name of the stepped environment, and its action."""


class StepLimit:
    """Detects steps that take too long.

    Args:
        seconds: The configuration's `environment.step_timeout`; None for no limit at all.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds

    def exceeded(self, started: float) -> str | None:
        """Describe the limit that a step since `time.monotonic() == started` exceeds, or return None."""
        if self.seconds is None:
            return None
        now = time.monotonic()
        if now - started > self.seconds:
            return f"for {now - started:.0f} s, environment.step_timeout is {self.seconds:g}"
        return (
            f"for {now - started:.0f} s, a stop was requested" if self.is_too_long_to_stop(started) else None
        )

    def is_too_long_to_stop(self, started: float) -> bool:
        """Return whether a step takes too long after a request to stop."""
        if self.seconds is None or _hurried_at is None:
            return False
        return time.monotonic() - max(started, _hurried_at) > min(self.seconds, HURRY_S)


_hurried_at: float | None = None
_current: Step | None = None


def hurry() -> None:
    """Record a request to save and stop; from now on, steps may take only `HURRY_S`."""
    global _hurried_at
    if _hurried_at is None:
        _hurried_at = time.monotonic()


def calm() -> None:
    """Take `hurry` back."""
    global _hurried_at
    _hurried_at = None


def begin_step(describe: Callable[[], str]) -> Step | None:
    """Record the start of a step in this process; return the argument of `end_step`."""
    global _current
    previous, _current = _current, Step(time.monotonic(), describe)
    return previous


def end_step(previous: Step | None) -> None:
    """Record the end of the step."""
    global _current
    _current = previous


def current_step() -> Step | None:
    """Return the running step of this process; any thread may call this."""
    return _current


def shown_action(action: object) -> str:
    """Format an action for a message, shortened if it is long."""
    return np.array2string(np.asarray(action), precision=4, threshold=20, separator=", ").replace("\n", "")
