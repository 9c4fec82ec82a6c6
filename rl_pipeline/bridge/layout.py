"""Where the fields of a message stand: learnt once, then used for all messages that only differ in their numbers."""

import struct
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.bridge.cdr import CdrReader
from rl_pipeline.bridge.messages import Fields, encode_message, read_field

MAX_LAYOUTS = 64


class _Numbers(NamedTuple):
    """A field that is read anew from each message."""

    name: str
    dtype: str
    size: int
    start: int
    is_single: bool


class Layout:
    """Where the numbers of a message stand, and the bytes that stand between them: header, counts, texts.

    Args:
        fields: Fields of the message.
        message: One such message, with its header.

    Attributes:
        numbers: Where which numbers stand.

    Raises:
        CdrError: The bytes are no such message.
    """

    def __init__(self, fields: Fields, message: bytes | bytearray) -> None:
        reader, between, end = CdrReader(message), "<", 0
        self.numbers: list[_Numbers] = []
        self._constant: dict[str, Any] = {}
        for name, kind in fields:
            value = read_field(reader, kind)
            values = np.asarray(value, kind[0]) if not kind.startswith("string") else np.empty(0)
            if not values.size:
                self._constant[name] = value
                continue
            start = reader.position - values.nbytes
            self.numbers.append(_Numbers(name, "<" + kind[0], values.size, start, len(kind) == 1))
            between += f"{start - end}s{values.nbytes}x"
            end = reader.position
        self._between = struct.Struct(f"{between}{len(message) - end}s")
        self._expected = self._between.unpack(message)

    def fits(self, message: bytes) -> bool:
        """Whether a message of the same length differs from the one that was learnt from in its numbers alone."""
        return self._between.unpack(message) == self._expected

    def read(self, message: bytes) -> SimpleNamespace:
        """Read a message that fits; its arrays are read-only views of its bytes."""
        answer = SimpleNamespace(**self._constant)
        for name, dtype, size, start, is_single in self.numbers:
            values = np.frombuffer(message, dtype, size, start)
            setattr(answer, name, values.item() if is_single else values)
        return answer


class MessageReader:
    """Reads messages of one kind, those of known layouts without looking for their fields."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._layouts: dict[int, Layout] = {}

    def read(self, message: bytes) -> SimpleNamespace:
        """Read a message as an object with its fields.

        Raises:
            CdrError: The bytes are no such message.
        """
        layout = self._layouts.get(len(message))
        if layout is None or not layout.fits(message):
            if len(self._layouts) >= MAX_LAYOUTS:
                self._layouts.clear()
            layout = self._layouts[len(message)] = Layout(self._fields, message)
        return layout.read(message)


class MessageTemplate:
    """A message that is sent again and again with other numbers.

    Args:
        fields: Fields of the message.
        values: Their values; numbers may be any, in arrays of the right sizes.
    """

    def __init__(self, fields: Fields, **values: Any) -> None:
        self._message = bytearray(encode_message(fields, **values))
        self._views: dict[str, NDArray[Any]] = {
            numbers.name: np.frombuffer(self._message, numbers.dtype, numbers.size, numbers.start)
            for numbers in Layout(fields, self._message).numbers
        }

    def filled(self, **numbers: Any) -> bytearray:
        """Return the message with these numbers; it holds until the next call."""
        for name, value in numbers.items():
            self._views[name][:] = value
        return self._message
