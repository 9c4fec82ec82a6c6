"""Frames of ROS-TCP: `length | topic | length | payload`, lengths as unsigned 4-byte little-endian integers.

Unity in ROS 2 mode ends topics and JSON with a NUL that its lengths count; other clients do not. Both are read.
What is sent to a client never has one: Unity strips none, and would look for a topic of another name.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

DEFAULT_MAX_FRAME = 64 * 2**20
MAX_TOPIC = 1024
KEEP_ALIVE = bytes(8)
_LENGTH = struct.Struct("<I")


class FrameError(Exception):
    """A stream that cannot be read on, because what stands where a length should be is none."""


@dataclass(frozen=True)
class Frame:
    """One message.

    Attributes:
        topic: Topic, service, or command (`__` first); empty in a keep-alive.
        payload: CDR with its encapsulation header, or the JSON of a command.
    """

    topic: str
    payload: bytes

    @property
    def is_keep_alive(self) -> bool:
        """Whether the frame only says that the peer lives."""
        return not self.topic and not self.payload


def encode(topic: str, payload: bytes, *, nul: bool = False) -> bytes:
    """Make the bytes of a frame.

    Args:
        topic: Topic, service or command.
        payload: What follows it.
        nul: Whether the topic ends with a NUL, as Unity writes it.
    """
    name = topic.encode() + (b"\0" if nul else b"")
    return b"".join((_LENGTH.pack(len(name)), name, _LENGTH.pack(len(payload)), payload))


class FrameDecoder:
    """Cuts a stream of bytes, which come in pieces of any size, into frames.

    Args:
        max_frame: Bytes that a payload may have.
    """

    def __init__(self, max_frame: int = DEFAULT_MAX_FRAME) -> None:
        self._max_frame = max_frame
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take bytes in and yield the frames that they complete.

        Raises:
            FrameError: A topic is longer than `MAX_TOPIC` or a payload than `max_frame`: the decoder is of no
                more use, since nothing tells where the next frame starts.
        """
        self._buffer += data
        start = 0
        try:
            while (end := self._end(start)) is not None:
                yield self._frame(start)
                start = end
        finally:
            del self._buffer[:start]

    @property
    def is_in_frame(self) -> bool:
        """Whether the bytes so far end within a frame."""
        return bool(self._buffer)

    def _end(self, start: int) -> int | None:
        """Where the frame that begins at `start` ends; None when it is not all there."""
        for limit, part in ((MAX_TOPIC, "topic"), (self._max_frame, "payload")):
            if len(self._buffer) < start + _LENGTH.size:
                return None
            (length,) = _LENGTH.unpack_from(self._buffer, start)
            if length > limit:
                raise FrameError(f"{part} of {length} bytes; at most {limit} are allowed")
            start += _LENGTH.size + length
        return start if start <= len(self._buffer) else None

    def _frame(self, start: int) -> Frame:
        (size,) = _LENGTH.unpack_from(self._buffer, start)
        middle = start + _LENGTH.size + size
        topic = bytes(self._buffer[start + _LENGTH.size : middle])
        (length,) = _LENGTH.unpack_from(self._buffer, middle)
        payload = bytes(memoryview(self._buffer)[middle + _LENGTH.size : middle + _LENGTH.size + length])
        return Frame(topic.removesuffix(b"\0").decode(errors="backslashreplace"), payload)
