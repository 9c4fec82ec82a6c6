"""Positions of the fields of a message, learnt once and reused for messages that differ only in their numbers."""

import struct
from types import SimpleNamespace

import numpy as np

from rl_pipeline.bridge.cdr import HEADER, CdrReader
from rl_pipeline.bridge.framing import Buffer
from rl_pipeline.bridge.messages import Fields, encode_message, read_field

MAX_LAYOUTS = 64


class Layout:
    """A message, the positions of its numbers, and the bytes between them: header, counts, texts.

    Args:
        fields: Fields of the message.
        message: An example of such a message, with its header; messages that are read are copied to it.

    Attributes:
        message: Its bytes.
        fields: Its fields; the arrays are views of its bytes.
        numbers: Views of the numbers in its bytes.

    Raises:
        CdrError: The bytes are not such a message.
    """

    def __init__(self, fields: Fields, message: memoryview) -> None:
        self.message = message
        self.numbers: dict[str, np.ndarray] = {}
        self.fields = SimpleNamespace()
        self._single: list[str] = []
        reader, between, end = CdrReader(self.message), "<", 0
        for name, kind in fields:
            value = read_field(reader, kind)
            setattr(self.fields, name, value)
            size = 0 if kind.startswith("string") else np.size(value)
            if not size:
                continue
            dtype = np.dtype("<" + kind[0])
            start = reader.position - size * dtype.itemsize
            self.numbers[name] = np.frombuffer(self.message, dtype, size, start)
            if len(kind) == 1:
                self._single.append(name)
            else:
                setattr(self.fields, name, self.numbers[name])
            between += f"{start - end}s{reader.position - start}x"
            end = reader.position
        self._between = struct.Struct(f"{between}{len(self.message) - end}s")
        self._expected = self._between.unpack(self.message)

    def read(self, message: Buffer) -> SimpleNamespace | None:
        """Read a message of the same length.

        Returns:
            Its fields, whose arrays are overwritten by the next message; None if it differs from the learnt message
            in more than its numbers.
        """
        if self._between.unpack(message) != self._expected:
            return None
        self.message[:] = message
        for name in self._single:
            setattr(self.fields, name, self.numbers[name].item())
        return self.fields


def _room(size: int) -> memoryview:
    """Return a buffer for a message whose body starts at a multiple of 8 in memory, so that NumPy is fast."""
    return memoryview(bytearray(len(HEADER) + size))[len(HEADER) :]


class MessageReader:
    """Reads messages of one kind; known layouts are read without a search for their fields."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._room = _room(0)
        self._layouts: dict[int, Layout] = {}

    def read(self, message: Buffer) -> SimpleNamespace:
        """Read a message as an object with its fields, whose arrays are overwritten by the next message.

        Raises:
            CdrError: The bytes are not such a message.
        """
        layout = self._layouts.get(len(message))
        known = None if layout is None else layout.read(message)
        return self._learn(message) if known is None else known

    def _learn(self, message: Buffer) -> SimpleNamespace:
        size = len(message)
        if size > len(self._room):
            self._room = _room(2 * size)
            self._layouts.clear()
        if len(self._layouts) >= MAX_LAYOUTS:
            self._layouts.clear()
        self._room[:size] = message
        layout = self._layouts[size] = Layout(self._fields, self._room[:size])
        return layout.fields


class MessageTemplate:
    """A message that is sent repeatedly with different numbers.

    Args:
        fields: Fields of the message.
        values: Their values; numbers may have any value, in arrays of the right sizes.
    """

    def __init__(self, fields: Fields, **values: object) -> None:
        message = encode_message(fields, **values)
        room = _room(len(message))
        room[:] = message
        self._layout = Layout(fields, room)

    def filled(self, **numbers: object) -> memoryview:
        """Return the message with these numbers; it is valid until the next call."""
        for name, value in numbers.items():
            self._layout.numbers[name][:] = value
        return self._layout.message
