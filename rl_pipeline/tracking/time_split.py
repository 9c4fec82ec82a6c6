"""Where the time of a training goes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

Part = Literal["collect", "update", "evaluate", "other"]
PARTS: tuple[Part, ...] = get_args(Part)


class TimeSplit:
    """Adds up the seconds spent in the parts of a training; a new one is in the part `other`.

    Args:
        start_timestep: Timesteps made before this process went on with the run.
        clock: Seconds from an arbitrary start, never going back.
    """

    def __init__(self, start_timestep: int = 0, clock: Callable[[], float] = time.perf_counter) -> None:
        self._start_timestep = start_timestep
        self._clock = clock
        self._seconds: dict[Part, float] = dict.fromkeys(PARTS, 0.0)
        self._part: Part = "other"
        self._since = clock()

    def switch(self, part: Part) -> Part:
        """Count the time from now on for a part.

        Args:
            part: One of `collect`, `update`, `evaluate` and `other`.

        Returns:
            The part that was counted until now.
        """
        now = self._clock()
        self._seconds[self._part] += now - self._since
        previous, self._part, self._since = self._part, part, now
        return previous

    @contextmanager
    def measure(self, part: Part) -> Iterator[None]:
        """Count the time inside a `with` block for a part, and then go on with the part before it."""
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

    def values(self, timestep: int) -> dict[str, float]:
        """Return what is logged: `time/collect`, `time/update`, `time/evaluate` in seconds, and `time/fps`.

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
        }
