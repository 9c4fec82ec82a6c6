"""Values that change over a training, as functions of SB3's `progress_remaining` (1 at the start, 0 at the end)."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rl_pipeline.config.schedules import Schedule as ScheduleConfig


@dataclass(frozen=True)
class Schedule(ABC):
    """A value over the course of a training.

    Attributes:
        warmup: Fraction of the training in which the value rises linearly from 0 to its first value.
    """

    warmup: float

    def __call__(self, progress_remaining: float) -> float:
        """Return the value at `progress_remaining`, which goes from 1 at the start to 0 at the end."""
        fraction = min(max(1.0 - progress_remaining, 0.0), 1.0)
        if fraction < self.warmup:
            return self.at(0.0) * fraction / self.warmup
        return self.at((fraction - self.warmup) / (1.0 - self.warmup))

    @abstractmethod
    def at(self, fraction: float) -> float:
        """Return the value at a fraction in [0, 1] of the time after the warm-up."""


@dataclass(frozen=True)
class Constant(Schedule):
    """A constant value."""

    value: float

    def at(self, fraction: float) -> float:
        """See `Schedule.at`."""
        return self.value


@dataclass(frozen=True)
class Linear(Schedule):
    """A straight line from `initial` to `final`, reached at `end_fraction` and constant from then on."""

    initial: float
    final: float
    end_fraction: float

    def at(self, fraction: float) -> float:
        """See `Schedule.at`."""
        return self.initial + (self.final - self.initial) * min(fraction / self.end_fraction, 1.0)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from `initial` to `final` (Loshchilov and Hutter 2016, arXiv:1608.03983, equation 5)."""

    initial: float
    final: float
    end_fraction: float

    def at(self, fraction: float) -> float:
        """See `Schedule.at`."""
        angle = math.pi * min(fraction / self.end_fraction, 1.0)
        return self.final + (self.initial - self.final) * (1.0 + math.cos(angle)) / 2.0


@dataclass(frozen=True)
class Exponential(Schedule):
    """A constant decay rate from `initial` to `final`."""

    initial: float
    final: float

    def at(self, fraction: float) -> float:
        """See `Schedule.at`."""
        return self.initial * (self.final / self.initial) ** fraction


@dataclass(frozen=True)
class Piecewise(Schedule):
    """Straight lines through the points (fraction, value)."""

    points: tuple[tuple[float, float], ...]

    def at(self, fraction: float) -> float:
        """See `Schedule.at`."""
        fractions, values = zip(*self.points, strict=True)
        return float(np.interp(fraction, fractions, values))


def _points(points: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(fraction), float(value)) for fraction, value in points)


def make_schedule(config: ScheduleConfig) -> Schedule:
    """Build the schedule that a block of `training.schedules` describes."""
    warmup = config.warmup
    match config.type:
        case "constant":
            return Constant(warmup, config.value)
        case "linear":
            return Linear(warmup, config.initial, config.final, config.end_fraction)
        case "cosine":
            return Cosine(warmup, config.initial, config.final, config.end_fraction)
        case "exponential":
            return Exponential(warmup, config.initial, config.final)
        case "piecewise":
            return Piecewise(warmup, _points(config.points))
