"""The section of `environment` that describes robots behind ROS topics."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from rl_pipeline.config.backend import Backend, Traits, WhatAndKey
from rl_pipeline.config.section import InvalidValueError, NonNegative, Positive, Section, Text

STATE = "state"
"""Key of the numbers if the observation also has images or other parts."""

Seconds = Annotated[float, Field(gt=0)]


class ActionField(Section):
    """Numbers of a message that the policy sets."""

    field: Text
    """Topic and field, e.g. '/cmd_vel.linear.x' or '/arm/command.data[0:6]'."""
    type: Text
    """Message type, e.g. 'geometry_msgs/msg/Twist'."""
    low: float
    """Smallest value."""
    high: float
    """Largest value."""
    safe: float = 0.0
    """Value that is published at the end and after an error."""
    joints: list[Text] = Field(default_factory=list)
    """Joints of the numbers, in the order of the action. The message holds their names, in `name` of JointState or
    `joint_names` of JointTrajectory."""
    constants: dict[Text, int | float | bool | Text] = Field(default_factory=dict)
    """Other fields of the message and their values, e.g. 'points[0].time_from_start.nanosec: 20000000'."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high:
            raise InvalidValueError(f"low ({self.low}) is not below high ({self.high})", remedy="swap them")
        return self


class ObservationField(Section):
    """Numbers of a message that the policy observes."""

    field: Text
    """Topic and field, e.g. '/joint_states.position[0:7]' or '/scan.ranges'."""
    low: float | None = None
    """Lower bound: smaller values, and minus infinity, are raised to it."""
    high: float | None = None
    """Upper bound: larger values, and infinity, are lowered to it."""
    joints: list[Text] = Field(default_factory=list)
    """Joints whose numbers are selected, in this order, by the names in a JointState; without it, the numbers are
    selected by position."""
    scale: float = 1.0
    """Factor from the numbers of the message to the policy's, e.g. 0.001 from millimetres to metres."""
    part: Text = STATE
    """Key of a Dict observation to which the numbers belong, e.g. 'desired_goal'."""


class RosTopics(Backend):
    """Robots behind ROS topics; `{index}` in a name becomes the number of the environment."""

    maker: ClassVar[str] = "rl_pipeline.envs.ros:make_ros_topics_vector_env"

    observations: list[Text | ObservationField] = Field(default_factory=list)
    """Fields that make up the observation, in this order: '/topic.field', '/topic.field[3]', '/topic.field[0:7]'."""
    images: dict[Text, Text] = Field(default_factory=dict)
    """Image parts of the observation: a name, and the topic of sensor_msgs/msg/Image."""
    actions: Annotated[list[ActionField], Field(min_length=1)]
    """Fields that the action sets, in this order; fields of one topic share a message."""
    task: Text
    """Your own class, as path/to/file.py:Class, with the reward and the end of an episode."""
    rate: Annotated[float, Field(gt=0)]
    """Steps per second of ROS time."""
    use_sim_time: bool = False
    """Take the time from the topic /clock."""
    reset_services: list[Text] = Field(default_factory=list)
    """Services without arguments (std_srvs Trigger or Empty) that are called, in this order, before an episode."""
    reset_type: Literal["std_srvs/srv/Trigger", "std_srvs/srv/Empty"] = "std_srvs/srv/Trigger"
    """Type of these services."""
    max_episode_steps: Positive | None = None
    """Time limit of an episode in steps."""
    max_age: Seconds = 0.5
    """Seconds of ROS time after which a message is too old to act on."""
    max_pause: Seconds = 1.0
    """Seconds of the computer's clock without a step, for example during an update or an evaluation, after which the
    safe action is published and the episode ends as truncated."""
    timeout: Seconds = 5.0
    """Seconds to wait for a fresh message, or for a service, before the robot counts as lost."""
    startup_timeout: Seconds = 30.0
    """Seconds to wait for a robot that is not available, at the start and after it was lost."""
    max_restarts: NonNegative = 3
    """Total number of times that the training waits for lost robots."""

    @model_validator(mode="after")
    def _something_is_seen(self) -> Self:
        if not (self.observations or self.images):
            raise InvalidValueError(
                "the policy would observe nothing", remedy="list fields in observations, or topics in images"
            )
        return self

    @property
    def traits(self) -> Traits:
        """See `Backend.traits`."""
        return Traits(renders=False, exact_state=False, real_time=True, existing_robots=True)

    def reached(self) -> Iterator[WhatAndKey]:
        """See `Backend.reached`."""
        topics = ", ".join(sorted({action.field for action in self.actions}))
        yield f"commands to the ROS topics {topics}", "actions"
        if self.reset_services:
            yield f"calls of the ROS services {', '.join(self.reset_services)}", "reset_services"
