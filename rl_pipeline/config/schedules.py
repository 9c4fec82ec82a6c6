"""The section `training.schedules`: parameters that change over the training."""

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from rl_pipeline.config.section import InvalidValueError, Section

Fraction = Annotated[float, Field(ge=0, le=1)]
PositiveFloat = Annotated[float, Field(gt=0)]


class _Schedule(Section):
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Fraction of the training in which the value first rises linearly from 0."""


class _UntilFraction(_Schedule):
    initial: float
    """Value at the start."""
    final: float
    """Value at the end."""
    end_fraction: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Fraction of the training after which the value stays at `final`."""


class ConstantSchedule(_Schedule):
    """One value."""

    type: Literal["constant"]
    """Kind of schedule."""
    value: float
    """The value."""


class LinearSchedule(_UntilFraction):
    """A straight line from `initial` to `final`."""

    type: Literal["linear"]
    """Kind of schedule."""


class CosineSchedule(_UntilFraction):
    """Half a cosine wave from `initial` to `final`."""

    type: Literal["cosine"]
    """Kind of schedule."""


class ExponentialSchedule(_Schedule):
    """Exponential decay (or growth) from `initial` to `final`."""

    type: Literal["exponential"]
    """Kind of schedule."""
    initial: PositiveFloat
    """Value at the start."""
    final: PositiveFloat
    """Value at the end."""


def _ascending(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if any(first >= second for (first, _), (second, _) in pairwise(points)):
        raise InvalidValueError(
            "the points' fractions must ascend", remedy="order the points by their fraction"
        )
    return points


def _pair(point: object) -> Any:
    """Convert the lists of YAML to tuples."""
    return tuple(point) if isinstance(point, list) else point


Point = Annotated[tuple[Fraction, float], BeforeValidator(_pair)]


class PiecewiseSchedule(_Schedule):
    """Straight lines between points."""

    type: Literal["piecewise"]
    """Kind of schedule."""
    points: Annotated[list[Point], Field(min_length=1), AfterValidator(_ascending)]
    """[fraction of the training, value] of each point; before the first and after the last it is constant."""


Schedule = Annotated[
    ConstantSchedule | LinearSchedule | CosineSchedule | ExponentialSchedule | PiecewiseSchedule,
    Field(discriminator="type"),
]
