"""`environment.randomization`: differences between simulations and episodes."""

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
    """Delay of the actions."""

    steps: StepRange
    """Limits of the delay in environment steps, drawn for each episode; the action is zero before the first one."""


class SensorNoise(Section):
    """Gaussian noise on the observation of the task, drawn in every step; images have no noise."""

    std: _NonNegative
    """Standard deviation in the units of the observation."""


class Pushes(Section):
    """A horizontal force that pushes the robot at random times."""

    interval: IntervalRange
    """Limits of the environment steps from one push to the start of the next, drawn after each push."""
    force: Range
    """Limits of the force in newton; its direction is drawn as well."""
    duration: _PositiveSteps = 5
    """Duration of a push in environment steps."""
    body: Text | None = None
    """The pushed body; by default, the first one of the model."""


class RandomizationConfig(Section):
    """Domain randomization; properties that are left out keep the model's values."""

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
