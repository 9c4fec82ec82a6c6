"""Numbers of a message, named as `/topic.field.part[0:7]`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.envs.errors import MalformedReplyError
from rl_pipeline.envs.ros.interfaces import Message

PATH = re.compile(r"(?P<topic>[^.\[\]]+)(?P<fields>(\.\w+)+)(\[(?P<start>\d+)(?P<stop>:\d+)?\])?")


@dataclass(frozen=True)
class FieldPath:
    """Where numbers stand.

    Attributes:
        topic: The topic.
        fields: Names from the message down to the number or list of numbers.
        start: First position in a list, None for all of it or a single number.
        stop: Position after the last one.
    """

    topic: str
    fields: tuple[str, ...]
    start: int | None
    stop: int | None

    @property
    def size(self) -> int | None:
        """How many numbers it names; None where that depends on the message."""
        return None if self.start is None or self.stop is None else self.stop - self.start

    def __str__(self) -> str:
        """Write it as in YAML."""
        part = "" if self.start is None else f"[{self.start}:{self.stop}]"
        return f"{self.topic}.{'.'.join(self.fields)}{part}"

    def read(self, message: Message) -> NDArray[np.float64]:
        """Return the numbers, shape (size,).

        Raises:
            MalformedReplyError: The list is shorter.
        """
        value: Any = message
        for name in self.fields:
            value = getattr(value, name)
        numbers = np.atleast_1d(np.asarray(value, np.float64))
        if self.stop is not None and len(numbers) < self.stop:
            raise MalformedReplyError(f"{self} needs {self.stop} numbers, the message has {len(numbers)}")
        return numbers[self.start : self.stop]

    def write(self, message: Message, numbers: NDArray[np.float64]) -> None:
        """Set the numbers; a list that is too short is filled up with zeros."""
        owner: Any = message
        for name in self.fields[:-1]:
            owner = getattr(owner, name)
        name = self.fields[-1]
        value = getattr(owner, name)
        if isinstance(value, bool | int | float):
            setattr(owner, name, type(value)(numbers[0]))
            return
        start, stop = self.start or 0, self.stop or len(numbers)
        values = list(value) + [0.0] * (stop - len(value))
        values[start:stop] = numbers.tolist()
        setattr(owner, name, values)


def parse(text: str, key: str) -> FieldPath:
    """Read a path.

    Args:
        text: As in YAML.
        key: Where it stands there.

    Raises:
        ConfigError: It is none.
    """
    match = PATH.fullmatch(text)
    if match is None:
        remedy = "write /topic.field, /topic.field[3] or /topic.field[0:7]"
        raise ConfigError([Problem(key, "is no topic with a field", text, remedy=remedy)])
    start = None if match["start"] is None else int(match["start"])
    stop = None if start is None else int(match["stop"][1:]) if match["stop"] else start + 1
    if start is not None and stop is not None and stop <= start:
        raise ConfigError([Problem(key, "names no number", text, remedy="the stop must be after the start")])
    return FieldPath(match["topic"], tuple(match["fields"][1:].split(".")), start, stop)


def check_fields(path: FieldPath, message: Message, key: str) -> None:
    """Refuse a path that a kind of message does not have.

    Args:
        path: The path.
        message: Message message of that kind.
        key: Where the path stands in the configuration.

    Raises:
        ConfigError: A field is missing, or is no number.
    """
    value: Any = message
    for name in path.fields:
        known = list(getattr(value, "get_fields_and_field_types", dict)())
        if name not in known:
            kind = type(value).__name__
            problem = Problem(key, f"{kind} has no field '{name}'", str(path), known, nearest(name, known))
            raise ConfigError([problem])
        value = getattr(value, name)
    if not _is_numeric(value):
        message = f"'{path.fields[-1]}' holds no numbers but {type(value).__name__}"
        raise ConfigError([Problem(key, message, str(path))])


def _is_numeric(value: object) -> bool:
    if isinstance(value, str | bytes) or hasattr(value, "get_fields_and_field_types"):
        return False
    numbers = value if isinstance(value, Iterable) else [value]
    return all(isinstance(one, bool | int | float | np.number) for one in numbers)
