"""Split of the time of a training into its parts."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

from rl_pipeline.tracking.csv_file import MINUTES

Part = Literal["collect", "update", "evaluate", "other"]
PARTS: tuple[Part, ...] = get_args(Part)


class TimeSplit:
    """Sums the seconds spent in the parts of a training; it starts in the part `other`.

    Args:
        start_timestep: Timesteps before this process resumed the run.
        earlier_minutes: Minutes that earlier processes trained this run; None if they are unknown.
        clock: Monotonic clock in seconds.
    """

    def __init__(
        self,
        start_timestep: int = 0,
        earlier_minutes: float | None = 0.0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._start_timestep = start_timestep
        self._earlier_minutes = earlier_minutes
        self._clock = clock
        self._seconds: dict[Part, float] = dict.fromkeys(PARTS, 0.0)
        self._part: Part = "other"
        self._since = clock()

    def switch(self, part: Part) -> Part:
        """Assign the time from now on to a part.

        Args:
            part: One of `collect`, `update`, `evaluate` and `other`.

        Returns:
            The previous part.
        """
        now = self._clock()
        self._seconds[self._part] += now - self._since
        previous, self._part, self._since = self._part, part, now
        return previous

    @contextmanager
    def measure(self, part: Part) -> Iterator[None]:
        """Assign the time inside a `with` block to a part, and then continue with the previous part."""
        previous = self.switch(part)
        try:
            yield
        finally:
            self.switch(previous)

    def seconds(self) -> dict[Part, float]:
        """Return the seconds spent in every part so far."""
        self.switch(self._part)
        return dict(self._seconds)

    def fractions(self) -> dict[Part, float]:
        """Return the share of every part in the time so far; their sum is 1, or 0 at the very start."""
        seconds = self.seconds()
        total = sum(seconds.values())
        return {part: spent / total if total else 0.0 for part, spent in seconds.items()}

    def minutes(self) -> float | None:
        """Return the minutes of training, including earlier processes; None if they are unknown."""
        if self._earlier_minutes is None:
            return None
        return self._earlier_minutes + sum(self.seconds().values()) / 60

    def age(self) -> dict[str, float]:
        """Return the column for the axis of wall-clock time: `time/minutes`, if they are known."""
        minutes = self.minutes()
        return {} if minutes is None else {MINUTES: minutes}

    def values(self, timestep: int) -> dict[str, float]:
        """Return the metrics: `time/collect`, `time/update` and `time/evaluate` in seconds, `time/fps`, and `age`.

        Args:
            timestep: Timesteps made so far; `time/fps` counts those since this process started.
        """
        seconds = self.seconds()
        total = sum(seconds.values())
        return {
            "time/collect": seconds["collect"],
            "time/update": seconds["update"],
            "time/evaluate": seconds["evaluate"],
            "time/fps": (timestep - self._start_timestep) / total if total else 0.0,
            **self.age(),
        }
