"""Frames of ROS-TCP: `length | topic | length | payload`, lengths as unsigned 4-byte little-endian integers.

Unity in ROS 2 mode ends topics and JSON with a NUL that its lengths count; other clients do not. Both are read.
Data to a client never has a NUL: Unity does not strip it, and would look for a topic of another name.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

DEFAULT_MAX_FRAME = 64 * 2**20
MAX_TOPIC = 1024
KEEP_ALIVE = bytes(8)
Buffer = bytes | bytearray | memoryview
FIRST_ROOM = 2**16
LENGTH = struct.Struct("<I")
"""Layout of a length."""


class FrameError(Exception):
    """Raised for a stream that can no longer be read, because a length is not valid."""


class Frame(NamedTuple):
    """One message.

    Attributes:
        topic: Topic, service, or command (`__` first); empty in a keep-alive.
        payload: CDR with its encapsulation header, or the JSON of a command.
    """

    topic: str
    payload: bytes

    @property
    def is_keep_alive(self) -> bool:
        """Whether the frame is a keep-alive."""
        return not self.topic and not self.payload


def encode(topic: str, payload: Buffer, *, nul: bool = False) -> bytes:
    """Make the bytes of a frame.

    Args:
        topic: Topic, service or command.
        payload: The content.
        nul: Whether the topic ends with a NUL, as Unity writes it.
    """
    name = topic.encode() + (b"\0" if nul else b"")
    return b"".join((LENGTH.pack(len(name)), name, LENGTH.pack(len(payload)), payload))


class FrameDecoder:
    """Splits a stream of bytes, which arrive in pieces of any size, into frames.

    Bytes are received into its `room()`, and `received()` yields the frames that they complete; `feed()` accepts
    bytes from another buffer.

    Args:
        max_frame: Maximum number of bytes of a payload.
    """

    def __init__(self, max_frame: int = DEFAULT_MAX_FRAME) -> None:
        self._max_frame = max_frame
        self._bytes = bytearray(FIRST_ROOM)
        self._buffer = memoryview(self._bytes)
        self._start = self._stop = 0

    def room(self) -> memoryview:
        """Return the buffer for the next bytes; it is never empty, and grows with a long frame."""
        if self._start == self._stop:
            self._start = self._stop = 0
        elif self._start:
            waiting = self._stop - self._start
            self._buffer[:waiting] = self._buffer[self._start : self._stop]
            self._start, self._stop = 0, waiting
        if self._stop == len(self._buffer):
            larger = bytearray(2 * self._stop)
            larger[: self._stop] = self._bytes
            self._bytes, self._buffer = larger, memoryview(larger)
        return self._buffer[self._stop :]

    def received(self, size: int) -> Iterator[Frame]:
        """Yield the frames that are complete with the first `size` bytes of the room; see `cut` for its errors."""
        self._stop += size
        return iter(self.cut, None)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Add bytes, and yield the frames that they complete; see `received`."""
        rest = memoryview(data)
        while rest:
            room = self.room()[: len(rest)]
            room[:] = rest[: len(room)]
            rest = rest[len(room) :]
            yield from self.received(len(room))

    @property
    def is_in_frame(self) -> bool:
        """Whether the bytes so far end within a frame."""
        return self._start < self._stop

    def cut(self) -> Frame | None:
        """Remove and return the first frame; None if it is not complete.

        Raises:
            FrameError: A topic is longer than `MAX_TOPIC` or a payload than `max_frame`: the decoder cannot be
                used any more, since the start of the next frame is unknown.
        """
        start, stop = self._start + LENGTH.size, self._stop
        if start > stop:
            return None
        middle = start + self._length("topic", start, MAX_TOPIC)
        if middle + LENGTH.size > stop:
            return None
        end = middle + LENGTH.size + self._length("payload", middle + LENGTH.size, self._max_frame)
        if end > stop:
            return None
        self._start = end
        topic = bytes(self._buffer[start:middle])
        payload = bytes(self._buffer[middle + LENGTH.size : end])
        return Frame(topic.removesuffix(b"\0").decode(errors="backslashreplace"), payload)

    def cut_expected(self, head: bytes) -> memoryview | None:
        """Remove the first bytes if they are as expected up to the length of a payload; see `cut` for the errors.

        Args:
            head: Bytes before the length: whole frames, and the topic of the last with its length.

        Returns:
            The payload, whose bytes are overwritten by the next ones; None if the bytes start with something
            else, or if the payload is not complete.
        """
        start = self._start + len(head) + LENGTH.size
        if start > self._stop or not self._bytes.startswith(head, self._start):
            return None
        end = start + self._length("payload", start, self._max_frame)
        if end > self._stop:
            return None
        self._start = end
        return self._buffer[start:end]

    def _length(self, part: str, start: int, limit: int) -> int:
        """Read the length before the part that begins at `start`."""
        (length,) = LENGTH.unpack_from(self._buffer, start - LENGTH.size)
        if length > limit:
            raise FrameError(f"{part} of {length} bytes; at most {limit} are allowed")
        return int(length)
