"""When a client counts as stalled, with the clock in the test's hands."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rl_pipeline.bridge.connection import MIN_PROGRESS, Connection
from rl_pipeline.bridge.framing import Frame, encode


class Transport(asyncio.Transport):
    """A transport over nothing."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__({"socket": connection, "peername": ("127.0.0.1", 1)})
        self.aborted = False

    def is_closing(self) -> bool:
        return self.aborted

    def write(self, data: Any) -> None:
        """Drop what is sent."""

    def abort(self) -> None:
        self.aborted = True


class Timer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Stream:
    """A connection that a test feeds, and whose timers it lets run out."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.frames: list[Frame] = []
        self.timers: list[Timer] = []
        self.connection = Connection(
            lambda connection: None,
            lambda connection, frame: self.frames.append(frame),
            lambda connection: None,
            max_frame=2**24,
            queue_size=10,
            stall_timeout=30.0,
        )
        self.connection.connection_made(transport)

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        self.timers.append(Timer(callback))
        return self.timers[-1]

    def feed(self, data: bytes) -> None:
        while data:
            room = self.connection.get_buffer(-1)
            size = min(len(room), len(data))
            room[:size] = data[:size]
            self.connection.buffer_updated(size)
            data = data[size:]

    @property
    def running(self) -> list[Timer]:
        return [timer for timer in self.timers if not timer.cancelled]

    def let_time_pass(self) -> None:
        """Let the timer run out."""
        (timer,) = self.running
        self.timers.remove(timer)
        timer.callback()


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stream]:
    with socket.socket() as connection:
        made = Stream(Transport(connection))
        monkeypatch.setattr(asyncio, "get_running_loop", lambda: made)
        yield made


def test_between_frames_there_is_no_limit(stream: Stream) -> None:
    stream.feed(encode("/a", b"x"))
    assert len(stream.frames) == 1
    assert not stream.running


@pytest.mark.parametrize("size", [1, 100, MIN_PROGRESS - 1])
def test_a_frame_that_does_not_get_on_ends_the_connection(stream: Stream, size: int) -> None:
    data = encode("/a", bytes(2 * MIN_PROGRESS))[:size]
    for byte in range(0, size, 1 + size // 50):
        stream.feed(data[byte : byte + 1 + size // 50])
    stream.let_time_pass()
    assert stream.transport.aborted


def test_a_long_frame_that_gets_on_may_take_its_time(stream: Stream) -> None:
    data = encode("/a", bytes(4 * MIN_PROGRESS))
    for start in range(0, len(data) - MIN_PROGRESS, MIN_PROGRESS):
        stream.feed(data[start : start + MIN_PROGRESS])
        stream.let_time_pass()
    assert not stream.transport.aborted
    stream.let_time_pass()
    assert stream.transport.aborted


def test_a_frame_that_is_complete_gives_the_next_one_its_own_time(stream: Stream) -> None:
    frame = encode("/a", b"x")
    stream.feed(frame[:3])
    (first,) = stream.running
    stream.feed(frame[3:] + frame[:3])
    assert first.cancelled
    (second,) = stream.running
    assert second is not first
    stream.feed(frame[3:])
    assert not stream.running
    assert not stream.transport.aborted
