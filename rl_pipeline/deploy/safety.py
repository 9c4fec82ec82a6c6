"""Checks that stop a policy on a robot: each returns a problem, or None.

Times are nanoseconds of a steady clock.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.policies.observations import PLAIN, Observation, as_dict
from rl_pipeline.policies.spec import Signal, Signals

SECOND = 1_000_000_000


class TopicWatch:
    """Checks that messages of a topic keep arriving, and that their time stamps advance with the clock.

    Args:
        topic: Its name, for messages.
        max_age: Longest time in seconds without a message.
    """

    def __init__(self, topic: str, max_age: float) -> None:
        self._topic = topic
        self._max_age = max_age
        self._arrival: int | None = None
        self._stamp: int | None = None
        self._jump: str | None = None

    def arrived(self, now: int, stamp: int | None) -> None:
        """Record a message.

        Args:
            now: Time of its arrival.
            stamp: The time in its header; None if it has none.
        """
        if stamp is not None and self._stamp is not None and self._arrival is not None:
            jump = ((stamp - self._stamp) - (now - self._arrival)) / SECOND
            if abs(jump) > self._max_age:
                self._jump = f"the time stamps of {self._topic} jumped by {jump:+.3f} s"
        self._arrival, self._stamp = now, stamp

    def forgive(self) -> None:
        """Clear a jump, which an operator has seen."""
        self._jump = None

    def problem(self, now: int) -> str | None:
        """Return the problem of the topic."""
        if self._arrival is None:
            return f"no message of {self._topic} has arrived"
        age = (now - self._arrival) / SECOND
        if age > self._max_age:
            return f"the newest message of {self._topic} is {age:.3f} s old; max_age is {self._max_age:g} s"
        return self._jump


class EmergencyStop:
    """The emergency stop of an operator, and its heartbeat.

    Args:
        topic: Its name, for messages.
        heartbeat: Longest time in seconds without a message; None if no messages are required.
    """

    def __init__(self, topic: str, heartbeat: float | None) -> None:
        self._topic = topic
        self._heartbeat = heartbeat
        self._arrival: int | None = None
        self._pressed = False

    def received(self, now: int, *, pressed: bool) -> None:
        """Record a message."""
        self._arrival, self._pressed = now, pressed

    def problem(self, now: int) -> str | None:
        """Return the problem."""
        if self._pressed:
            return f"the emergency stop {self._topic} is pressed"
        if self._heartbeat is None:
            return None
        if self._arrival is None:
            return f"no message of the emergency stop {self._topic} has arrived; it needs a heartbeat"
        age = (now - self._arrival) / SECOND
        if age > self._heartbeat:
            return f"the emergency stop {self._topic} was silent for {age:.3f} s; heartbeat is {self._heartbeat:g} s"
        return None


class ObservationLimits:
    """Checks observations of one robot.

    Args:
        signals: The policy's observations, with the limits of its training.
        bounds: Smallest and largest values of a part's numbers in the robot's description, -inf and inf if it has
            none. The key of a plain observation is `PLAIN`.
    """

    def __init__(
        self, signals: Signals, bounds: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
    ) -> None:
        parts = signals if isinstance(signals, dict) else {PLAIN: signals}
        self._signals = parts
        self._limits = {key: _limits(signal) for key, signal in parts.items()}
        for part, (below, above) in bounds.items():
            low, high = self._limits[part]
            self._limits[part] = np.maximum(low, below), np.minimum(high, above)

    def problem(self, observation: Observation) -> str | None:
        """Return the problem of an observation."""
        for key, values in as_dict(observation).items():
            low, high = self._limits[key]
            if ((values >= low) & (values <= high)).all():  # false for NaN, too
                continue
            index = int(np.flatnonzero(~((values >= low) & (values <= high)).ravel())[0])
            name = _name(self._signals[key], key, index)
            bounds = f"[{low.ravel()[index]:g}, {high.ravel()[index]:g}]"
            return f"the observation {name} is {values.ravel()[index]:g}, outside of {bounds}"
        return None


def _limits(signal: Signal) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the limits of a signal as finite numbers, so that infinity is always outside."""
    if not np.issubdtype(np.dtype(signal.dtype), np.floating):
        return np.asarray(signal.low, np.float64), np.asarray(signal.high, np.float64)
    largest = np.finfo(signal.dtype).max
    return np.clip(signal.low, -largest, None), np.clip(signal.high, None, largest)


def _name(signal: Signal, key: str, index: int) -> str:
    if signal.names:
        return f"'{signal.names[index]}'"
    return f"[{index}]" if key == PLAIN else f"{key}[{index}]"


class CommandLimits:
    """Checks commands of one robot, in units of its messages.

    Args:
        low: Smallest values, (n,).
        high: Largest values, (n,).
        max_change: Largest changes between two cycles, (n,); inf for no limit.
        names: Names of the numbers, for messages; empty if they have none.
    """

    TOLERANCE = 1e-6
    """Relative to the range: a policy computes in float32."""

    def __init__(
        self,
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        max_change: NDArray[np.float64],
        names: Sequence[str] = (),
    ) -> None:
        margin = self.TOLERANCE * (high - low)
        self._low, self._high, self._max_change = low - margin, high + margin, max_change
        self._names = names

    def problem(self, command: NDArray[np.float64], previous: NDArray[np.float64]) -> str | None:
        """Return the problem of a command, given the previous one."""
        inside = (command >= self._low) & (command <= self._high)
        if not inside.all():
            index = int(np.flatnonzero(~inside)[0])
            bounds = f"[{self._low[index]:g}, {self._high[index]:g}]"
            return f"the command {self._name(index)} is {command[index]:g}, outside of {bounds}"
        change = np.abs(command - previous)
        if (change > self._max_change).any():
            index = int(np.flatnonzero(change > self._max_change)[0])
            largest = f"max_change is {self._max_change[index]:g}"
            return f"the command {self._name(index)} changed by {change[index]:g} in a cycle; {largest}"
        return None

    def clip(self, command: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a command within its limits."""
        return np.clip(command, self._low, self._high)

    def _name(self, index: int) -> str:
        return f"'{self._names[index]}'" if self._names else f"[{index}]"
