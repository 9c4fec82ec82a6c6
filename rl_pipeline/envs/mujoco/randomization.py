"""`environment.randomization`: what differs between simulations and episodes."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from rl_pipeline.config.section import InvalidValueError, Section, Text, whole_number

Number = TypeVar("Number", int, float)


def _ordered(limits: list[Number]) -> list[Number]:
    if limits[0] > limits[1]:
        raise InvalidValueError("the lower limit is above the upper one", remedy="write [lower, upper]")
    return limits


_TWO, _ORDERED = Field(min_length=2, max_length=2), AfterValidator(_ordered)
_NonNegative = Annotated[float, Field(ge=0)]
_Steps = Annotated[int, Field(ge=0), BeforeValidator(whole_number)]
_PositiveSteps = Annotated[int, Field(ge=1), BeforeValidator(whole_number)]
_Names = list[Text] | None
Range = Annotated[list[_NonNegative], _TWO, _ORDERED]
StepRange = Annotated[list[_Steps], _TWO, _ORDERED]
IntervalRange = Annotated[list[_PositiveSteps], _TWO, _ORDERED]


class MassRandomization(Section):
    """Mass and inertia of bodies."""

    scale: Range
    """Limits of the factor, drawn for each body and episode."""
    bodies: _Names = None
    """Names in the model; all by default."""


class FrictionRandomization(Section):
    """Sliding, torsional and rolling friction of geoms; a contact takes the larger of its two geoms."""

    scale: Range
    """Limits of the factor, drawn for each geom and episode."""
    geoms: _Names = None
    """Names in the model; all by default."""


class DampingRandomization(Section):
    """Damping of joints."""

    scale: Range
    """Limits of the factor, drawn for each joint and episode."""
    joints: _Names = None
    """Names in the model; all by default."""


class GainRandomization(Section):
    """Strength of actuators: the torque of a motor, the stiffness and damping of a servo."""

    scale: Range
    """Limits of the factor, drawn for each actuator and episode."""
    actuators: _Names = None
    """Names in the model; all by default."""


class GravityRandomization(Section):
    """Gravity of the whole world."""

    scale: Range
    """Limits of the factor, drawn for each episode."""


class LatencyRandomization(Section):
    """Actions that arrive late."""

    steps: StepRange
    """Limits of the delay in environment steps, drawn for each episode; before the first action acts zero."""


class SensorNoise(Section):
    """Gaussian noise on the observation of the task, new in every step; pictures have none."""

    std: _NonNegative
    """Standard deviation in the units of the observation."""


class Pushes(Section):
    """A horizontal force that pushes the robot now and then."""

    interval: IntervalRange
    """Limits of the environment steps from one push to the start of the next, drawn anew after each."""
    force: Range
    """Limits of the force in newton; its direction is drawn as well."""
    duration: _PositiveSteps = 5
    """Environment steps that a push lasts."""
    body: Text | None = None
    """The body that is pushed; the first one of the model by default."""


class RandomizationConfig(Section):
    """Domain randomization; what is left out stays as the model has it."""

    mass: MassRandomization | None = None
    """Mass and inertia of bodies."""
    friction: FrictionRandomization | None = None
    """Friction of geoms."""
    damping: DampingRandomization | None = None
    """Damping of joints."""
    gains: GainRandomization | None = None
    """Strength of actuators."""
    gravity: GravityRandomization | None = None
    """Gravity."""
    latency: LatencyRandomization | None = None
    """Delay of actions."""
    sensor_noise: SensorNoise | None = None
    """Noise on observations."""
    pushes: Pushes | None = None
    """External pushes."""
