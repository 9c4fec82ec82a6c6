"""The section `deploy`: how a policy node observes and commands a robot, and when it stops."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from rl_pipeline.config.checking import checked
from rl_pipeline.config.composition import Composition
from rl_pipeline.config.key_schema import key_schema
from rl_pipeline.config.ros_topics import ActionField, ObservationField, Seconds
from rl_pipeline.config.section import InvalidValueError, NonNegative, Positive, Section, Text
from rl_pipeline.config.yaml_reader import read_yaml

KEY = "deploy"


class RobotObservation(ObservationField):
    """Numbers of a message that the policy sees, and the values beyond which it stops."""

    stop_below: float | None = None
    """A smaller value, after scaling, stops the policy."""
    stop_above: float | None = None
    """A larger value, after scaling, stops the policy."""
    unit: Text | None = None
    """Unit after scaling; the policy is refused if it was trained with another one."""


class RobotCommand(ActionField):
    """Numbers of a message that the policy sets. `low` and `high` are in units of the message."""

    scale: float = 1.0
    """Factor from the policy's numbers to those of the message, e.g. 1000 from metres to millimetres."""
    max_change: Annotated[float, Field(gt=0)] | None = None
    """A larger change between two cycles, in units of the message, stops the policy."""
    unit: Text | None = None
    """Unit before scaling; the policy is refused if it was trained with another one."""


class Damping(Section):
    """A command against the velocities."""

    gain: Annotated[float, Field(ge=0)]
    """The command is minus this times the velocity, within the limits of the command."""
    velocities: list[NonNegative]
    """Positions in the observation, or in its first part, of the velocity of each number of the command."""


class Safety(Section):
    """Conditions that stop the policy, and the command that follows."""

    stop: Literal["given", "zero", "hold", "damping"] = "given"
    """Command after a stop: `safe` of each command, zeros, the last command, or one that damps the motion."""
    damping: Damping | None = None
    """For `stop: damping`."""
    max_age: Seconds = 0.2
    """Longest time in seconds without a message of an observed topic, and largest jump of its time stamps."""
    max_late: Seconds | None = None
    """Seconds by which a command may be late; by default one cycle."""
    emergency_stop: Text | None = None
    """Topic of std_msgs/msg/Bool; `true` stops the policy."""
    heartbeat: Seconds | None = None
    """Longest time in seconds without a message on `emergency_stop`; by default, no messages are required."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.stop == "damping" and self.damping is None:
            raise InvalidValueError("stop: damping needs a gain", remedy="add damping: {gain, velocities}")
        if self.heartbeat is not None and self.emergency_stop is None:
            raise InvalidValueError("heartbeat needs a topic", remedy="name it in emergency_stop")
        return self


class RecordingSettings(Section):
    """Files that record the observations and commands of the node."""

    folder: Text = "recordings"
    """Folder of the MCAP files."""
    max_megabytes: Positive = 1000
    """Maximum total size of the files of a recording; beyond it, the oldest files are deleted."""


class Deploy(Section):
    """A policy on a robot. Names of topics without a leading slash are relative to the namespace of the node."""

    observations: list[Text | RobotObservation] = Field(default_factory=list)
    """Fields that make up the observation, in the order of the training: '/topic.field', '/topic.field[0:7]', or a
    mapping that picks joints by name."""
    images: dict[Text, Text] = Field(default_factory=dict)
    """Image parts of the observation: a name, and the topic of sensor_msgs/msg/Image."""
    commands: Annotated[list[RobotCommand], Field(min_length=1)]
    """Fields that the action sets, in this order; fields of one topic share a message."""
    rate: Annotated[float, Field(gt=0)] | None = None
    """Cycles per second; by default the rate of the training."""
    trigger: Text | None = None
    """Topic whose messages start the cycles; by default, a steady clock starts them."""
    episode_start: Text | None = None
    """Topic of std_msgs/msg/Empty. A message clears the memory of the policy before the next cycle, as at the start
    of an episode. An activation and a reset clear it as well."""
    ramp: Annotated[float, Field(ge=0)] = 1.0
    """Seconds after the activation during which commands are blended from the last or safe one to the policy's."""
    shadow: bool = False
    """Compute actions and publish them on `~/shadow`, but send no commands."""
    startup_timeout: Seconds = 5.0
    """Seconds within which every topic must have a message, so that the node can be activated."""
    safety: Safety = Safety()
    """Conditions that stop the policy, and the command that follows."""
    recording: RecordingSettings | None = None
    """Recording; by default, nothing is recorded."""

    @model_validator(mode="after")
    def _something_is_seen(self) -> Self:
        if not (self.observations or self.images):
            remedy = "list fields in observations, or topics in images"
            raise InvalidValueError("nothing is observed", remedy=remedy)
        return self

    @property
    def observed(self) -> list[RobotObservation]:
        """The observations as mappings."""
        return [
            one if isinstance(one, RobotObservation) else RobotObservation(field=one)
            for one in self.observations
        ]


class DeployFile(Section):
    """A file that describes a robot for the policy node."""

    deploy: Deploy
    """Observations, commands and safety of the policy on the robot."""


def load_deploy(path: Path) -> Deploy:
    """Load a file with the section `deploy`.

    Raises:
        ConfigError: The file cannot be read, or it has errors, each with its line.
    """
    document = read_yaml(path)
    composition = Composition(key_schema(DeployFile))
    composition.add(document)
    return checked(DeployFile, composition, document.name, document.problems).deploy
