"""Paths of numbers in a message, such as `/topic.field.part[0:7]` or `/topic.points[0].positions`."""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.envs.errors import MalformedReplyError
from rl_pipeline.envs.ros.interfaces import Message, find_interface

PATH = re.compile(
    r"(?P<topic>[^.\[\]]+)(?P<fields>(\.\w+(\[\d+\](?=\.))?)+)(\[(?P<start>\d+)(?P<stop>:\d+)?\])?"
)
FIELD = re.compile(r"(\w+)(?:\[(\d+)\])?")
NUMERIC = re.compile(r"(?:sequence<)?(?:boolean|octet|char|byte|float|double|u?int\d+)\b[^/]*")
ELEMENT = re.compile(r"(?:sequence<|^)(\w+)/(\w+)[,>\[]")


class Step(NamedTuple):
    """A field on the path to the numbers, and the position in it if it is a list of messages."""

    name: str
    position: int | None

    def __str__(self) -> str:
        """Return the path as written in YAML."""
        return self.name if self.position is None else f"{self.name}[{self.position}]"


@dataclass(frozen=True)
class FieldPath:
    """Path of numbers.

    Attributes:
        topic: The topic.
        steps: Fields from the message down to the number or list of numbers.
        start: First position in a list; None for the whole list or a single number.
        stop: Position after the last one.
    """

    topic: str
    steps: tuple[Step, ...]
    start: int | None
    stop: int | None

    @property
    def size(self) -> int | None:
        """Number of values; None if it depends on the message."""
        return None if self.start is None or self.stop is None else self.stop - self.start

    def __str__(self) -> str:
        """Return the path as written in YAML."""
        part = "" if self.start is None else f"[{self.start}:{self.stop}]"
        return f"{self.topic}.{'.'.join(map(str, self.steps))}{part}"

    def read(self, message: Message) -> NDArray[np.float64]:
        """Return the numbers, shape (size,).

        Raises:
            MalformedReplyError: A list is too short.
        """
        value: Any = message
        for step in self.steps:
            value = getattr(value, step.name)
            if step.position is not None:
                if len(value) <= step.position:
                    raise MalformedReplyError(f"{self} needs '{step}', but the message has {len(value)}")
                value = value[step.position]
        numbers = np.atleast_1d(np.asarray(value, np.float64))
        if self.stop is not None and len(numbers) < self.stop:
            raise MalformedReplyError(f"{self} needs {self.stop} numbers, but the message has {len(numbers)}")
        return numbers[self.start : self.stop]

    def write(self, message: Message, numbers: NDArray[np.float64]) -> None:
        """Set the numbers; a list that is too short is filled with zeros."""
        owner, name = self._owner(message), self.steps[-1].name
        value = getattr(owner, name)
        if isinstance(value, bool | int | float):
            setattr(owner, name, type(value)(numbers[0]))
            return
        start, stop = self.start or 0, self.stop or len(numbers)
        values = list(value) + [0.0] * (stop - len(value))
        values[start:stop] = numbers.tolist()
        setattr(owner, name, values)

    def assign(self, message: Message, value: float | str | list[str]) -> None:
        """Set the field to a number, a text or a list of texts."""
        owner, name = self._owner(message), self.steps[-1].name
        setattr(owner, name, type(getattr(owner, name))(value))

    def _owner(self, message: Message) -> Message:
        """Return the message with the last field; lists of messages on the path are filled."""
        owner = message
        for step in self.steps[:-1]:
            value = getattr(owner, step.name)
            if step.position is not None:
                while len(value) <= step.position:
                    value.append(_element_class(owner, step.name)())
                value = value[step.position]
            owner = value
        return owner


def parse(text: str, key: str) -> FieldPath:
    """Read a path.

    Args:
        text: Path as written in YAML.
        key: Its configuration key.

    Raises:
        ConfigError: The text is not a path.
    """
    match = PATH.fullmatch(text)
    if match is None:
        remedy = "write /topic.field, /topic.field[3] or /topic.field[0:7]"
        raise ConfigError([Problem(key, "is not a topic with a field", text, remedy=remedy)])
    start = None if match["start"] is None else int(match["start"])
    stop = None if start is None else int(match["stop"][1:]) if match["stop"] else start + 1
    if start is not None and stop is not None and stop <= start:
        raise ConfigError(
            [Problem(key, "selects no numbers", text, remedy="the stop must be after the start")]
        )
    steps = [Step(name, int(index) if index else None) for name, index in FIELD.findall(match["fields"])]
    return FieldPath(match["topic"], tuple(steps), start, stop)


def check_fields(path: FieldPath, message_class: type, key: str, *, numeric: bool = True) -> None:
    """Refuse a path that a message type does not have.

    Args:
        path: The path.
        message_class: Class of the messages.
        key: Configuration key of the path.
        numeric: Whether it must lead to numbers.

    Raises:
        ConfigError: A field is missing, or is not a number.
    """
    value: Any = message_class()
    described = ""
    for step in path.steps:
        known: dict[str, str] = getattr(value, "get_fields_and_field_types", dict)()
        if step.name not in known:
            message = f"{type(value).__name__} has no field '{step.name}'"
            raise ConfigError([Problem(key, message, str(path), list(known), nearest(step.name, known))])
        described = known[step.name]
        value = getattr(value, step.name) if step.position is None else _element_class(value, step.name)()
    if numeric and not NUMERIC.fullmatch(described):
        raise ConfigError(
            [Problem(key, f"'{path.steps[-1]}' must contain numbers, is {described}", str(path))]
        )


def _element_class(message: Message, field: str) -> type:
    """Return the class of the messages in a list: `sequence<trajectory_msgs/JointTrajectoryPoint>`."""
    described = message.get_fields_and_field_types()[field]
    match = ELEMENT.search(described)
    if match is None:
        kind = type(message).__name__
        raise ConfigError([Problem(field, f"must be a list of messages in {kind}, is {described}")])
    found: type = find_interface(f"{match[1]}/msg/{match[2]}", field)
    return found
