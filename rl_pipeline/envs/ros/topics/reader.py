"""The observation of one robot, composed of messages."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.ros_topics import STATE, ObservationField
from rl_pipeline.envs.errors import MalformedReplyError
from rl_pipeline.envs.ros.interfaces import Message
from rl_pipeline.envs.ros.topics.field_path import FieldPath, check_fields, parse
from rl_pipeline.envs.ros.topics.images import decode
from rl_pipeline.policies.observations import Observation
from rl_pipeline.policies.spec import Signal, Signals

IMAGE_TYPE = "Image"
JOINT_NAMES = "name"
"""Field of `sensor_msgs/msg/JointState` with the names of the joints."""


class ObservationReader:
    """Reads an observation from the newest messages of its topics.

    Args:
        fields: Numbers, in this order in each part of the observation.
        images: Names and topics of images.
        key: Configuration key of both, for messages.
        index: Value of `{index}` in a topic.
        dtype: Dtype of the numbers.

    Attributes:
        topics: The topics, without duplicates.

    Raises:
        ConfigError: A path is malformed, or an image and numbers have the same name.
    """

    def __init__(
        self,
        fields: Sequence[str | ObservationField],
        images: Mapping[str, str],
        key: str,
        index: int = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self._key = key
        self._dtype = np.dtype(dtype)
        listed = [one if isinstance(one, ObservationField) else ObservationField(field=one) for one in fields]
        self._fields = [
            _Field(parse(one.field.format(index=index), f"{key}.observations"), one, key) for one in listed
        ]
        self._parts: dict[str, list[_Field]] = {}
        for one in self._fields:
            self._parts.setdefault(one.settings.part, []).append(one)
        self._images = {name: topic.format(index=index) for name, topic in images.items()}
        for name in self._parts.keys() & self._images.keys():
            message, remedy = (
                "is also the name of numbers",
                "rename the image, or set `part` of the numbers",
            )
            raise ConfigError([Problem(f"{key}.images.{name}", message, remedy=remedy)])
        self.topics = tuple(
            dict.fromkeys([*(one.path.topic for one in self._fields), *self._images.values()])
        )

    def check_types(self, types: Mapping[str, type]) -> None:
        """Refuse message types that do not have a field.

        Args:
            types: The class of the messages of each topic.

        Raises:
            ConfigError: A field does not exist, or a topic of an image has another type.
        """
        for one in self._fields:
            one.check_type(types[one.path.topic])
        for name, topic in self._images.items():
            kind = types[topic].__name__
            if kind != IMAGE_TYPE:
                message, valid = f"{topic} has messages of {kind}", ["sensor_msgs/msg/Image"]
                raise ConfigError([Problem(f"{self._key}.images.{name}", message, topic, valid)])

    def read(self, messages: Mapping[str, Message]) -> Observation:
        """Return the observation from the messages of all topics.

        Raises:
            MalformedReplyError: A message has a different size than before, no value of a joint, or NaN or infinity.
        """
        pictures = {name: decode(messages[topic], topic) for name, topic in self._images.items()}
        numbers = {
            part: np.concatenate([one.read(messages[one.path.topic]) for one in fields]).astype(self._dtype)
            for part, fields in self._parts.items()
        }
        return numbers[STATE] if numbers.keys() == {STATE} and not pictures else numbers | pictures

    @property
    def sizes(self) -> list[int]:
        """Number of values in each field, after the first observation."""
        return [one.size or 0 for one in self._fields]

    def signals(self, observation: Observation) -> Signals:
        """Describe observations, given the first one."""
        if isinstance(observation, dict):
            return {name: self._signal(name, part) for name, part in observation.items()}
        return self._signal(STATE, observation)

    def _signal(self, name: str, part: NDArray[Any]) -> Signal:
        if name in self._parts:
            low, high = self._limits(name, "low", -np.inf), self._limits(name, "high", np.inf)
        else:
            is_integer = np.issubdtype(part.dtype, np.integer)
            limits = (0, np.iinfo(part.dtype).max) if is_integer else (-np.inf, np.inf)
            low, high = (np.full(part.shape, limit, part.dtype) for limit in limits)
        return Signal("box", part.shape, part.dtype.name, low, high)

    def _limits(self, part: str, side: str, default: float) -> NDArray[np.floating]:
        fields = self._parts[part]
        values = [getattr(one.settings, side) for one in fields]
        numbers = [default if value is None else value for value in values]
        return np.repeat(np.asarray(numbers, self._dtype), [one.size or 0 for one in fields])


class _Field:
    """Numbers of one field.

    Attributes:
        path: Their path.
        settings: Joints, scale and limits.
        size: Their number; None before the first message, unless their joints are named.
    """

    def __init__(self, path: FieldPath, settings: ObservationField, key: str) -> None:
        self.path, self.settings = path, settings
        self.size: int | None = len(settings.joints) or None
        self._key = key
        self._order: tuple[list[str], NDArray[np.intp]] = ([], np.empty(0, np.intp))

    def check_type(self, message_class: type) -> None:
        """Refuse a message without the field, or joints of a message without names."""
        key = f"{self._key}.observations"
        check_fields(self.path, message_class, key)
        names: dict[str, str] = getattr(message_class, "get_fields_and_field_types", dict)()
        if self.settings.joints and JOINT_NAMES not in names:
            message = f"{message_class.__name__} does not name its joints"
            remedy = "leave out `joints` and select the numbers by position, as in .data[0:3]"
            raise ConfigError([Problem(key, message, self.settings.field, remedy=remedy)])

    def read(self, message: Message) -> NDArray[np.float64]:
        """Return the numbers."""
        numbers = self.path.read(message)
        if self.settings.joints:
            numbers = self._pick_joints(message, numbers)
        if self.size is None:
            self.size = len(numbers)
        if len(numbers) != self.size:
            raise MalformedReplyError(f"{self.path} has {len(numbers)} numbers, but had {self.size} before")
        numbers = numbers * self.settings.scale
        if np.isnan(numbers).any():
            raise MalformedReplyError(
                f"{self.path} is NaN at position {int(np.flatnonzero(np.isnan(numbers))[0])}"
            )
        if (self.settings.low, self.settings.high) != (None, None):
            numbers = np.clip(numbers, self.settings.low, self.settings.high)
        if np.isinf(numbers).any():
            raise MalformedReplyError(
                f"{self.path} is infinite; give it `low` and `high` in {self._key}.observations"
            )
        return numbers

    def _pick_joints(self, message: Message, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        names = list(message.name)
        if names != self._order[0]:
            missing = [joint for joint in self.settings.joints if joint not in names]
            if missing:
                raise MalformedReplyError(
                    f"{self.path.topic} has no joint '{missing[0]}'; its joints are {', '.join(names)}"
                )
            self._order = names, np.array([names.index(joint) for joint in self.settings.joints])
        if len(numbers) != len(names):
            raise MalformedReplyError(f"{self.path} has {len(numbers)} numbers for {len(names)} joints")
        return numbers[self._order[1]]
