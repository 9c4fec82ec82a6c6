"""Time limit of a step of the environments, and the step that this process is in."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

HURRY_S = 20.0
"""Seconds that a step may still take when somebody has asked the training to save and stop."""


class Step(NamedTuple):
    """A step of environments in this process that has not returned."""

    started: float
    """`time.monotonic()` at its start."""
    describe: Callable[[], str]
    """Names the environment that is stepped, and its action."""


class StepLimit:
    """Tells which steps take too long.

    Args:
        seconds: The configuration's `environment.step_timeout`; None for no limit at all.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds

    def exceeded(self, started: float) -> str | None:
        """Return in words which limit a step exceeds that began at `time.monotonic() == started`, or None."""
        if self.seconds is None:
            return None
        now = time.monotonic()
        if now - started > self.seconds:
            return f"for {now - started:.0f} s, environment.step_timeout is {self.seconds:g}"
        return (
            f"for {now - started:.0f} s, a stop was asked for" if self.is_too_long_to_stop(started) else None
        )

    def is_too_long_to_stop(self, started: float) -> bool:
        """Return whether a step continues for too long although somebody has asked to stop."""
        if self.seconds is None or _hurried_at is None:
            return False
        return time.monotonic() - max(started, _hurried_at) > min(self.seconds, HURRY_S)


_hurried_at: float | None = None
_current: Step | None = None


def hurry() -> None:
    """Note that somebody has asked to save and stop, so that steps may take `HURRY_S` only."""
    global _hurried_at
    if _hurried_at is None:
        _hurried_at = time.monotonic()


def calm() -> None:
    """Take `hurry` back."""
    global _hurried_at
    _hurried_at = None


def begin_step(describe: Callable[[], str]) -> Step | None:
    """Note that environments of this process are stepped; return what `end_step` is to be given."""
    global _current
    previous, _current = _current, Step(time.monotonic(), describe)
    return previous


def end_step(previous: Step | None) -> None:
    """Note that the step has returned."""
    global _current
    _current = previous


def current_step() -> Step | None:
    """Return the step of this process that has not returned; may be asked by any thread."""
    return _current


def shown_action(action: object) -> str:
    """Write an action for a message, shortened where it is long."""
    return np.array2string(np.asarray(action), precision=4, threshold=20, separator=", ").replace("\n", "")
