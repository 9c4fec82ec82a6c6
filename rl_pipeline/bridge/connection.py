"""One client of the server: its socket, its queues, and the calls that wait for its answers."""

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable

from rl_pipeline.bridge.commands import encode_call, encode_command, handshake
from rl_pipeline.bridge.framing import Frame, FrameDecoder, FrameError

logger = logging.getLogger(__name__)

FIRST_CALL = 1001
MIN_PROGRESS = 2**16
"""Bytes of a long frame that must arrive in the time in which a short frame must be complete."""


class CallError(Exception):
    """Raised for a service call without an answer."""


class Connection(asyncio.BufferedProtocol):
    """Frames in and out of one socket.

    Messages to a slow client wait in a queue of `queue_size`; a newer message replaces the oldest, which is
    counted as dropped. Answers and commands are never dropped: a client that does not read `queue_size` of them
    counts as dead.

    Args:
        on_open: Called when the client has connected; may close the connection.
        on_frame: Called with every frame that is not a keep-alive.
        on_close: Called when the client has disconnected.
        max_frame: Maximum number of bytes of a payload.
        queue_size: Maximum number of waiting frames of each kind.
        stall_timeout: Seconds after which a client counts as dead if it neither completes a frame nor sends
            `MIN_PROGRESS` bytes of it.

    Attributes:
        dropped: Messages dropped so far.
        request: Number of the request that the next frame carries, if any.
        response: Number of the response that the next frame carries, if any.
    """

    def __init__(
        self,
        on_open: Callable[["Connection"], None],
        on_frame: Callable[["Connection", Frame], None],
        on_close: Callable[["Connection"], None],
        max_frame: int,
        queue_size: int,
        stall_timeout: float,
    ) -> None:
        self._on_open, self._on_frame, self._on_close = on_open, on_frame, on_close
        self._decoder = FrameDecoder(max_frame)
        self._queue_size = queue_size
        self._messages: deque[bytes] = deque()
        self._answers: deque[bytes] = deque()
        self._paused = False
        self._stall_timeout = stall_timeout
        self._stalled: asyncio.TimerHandle | None = None
        self._progress = 0
        self._calls: dict[int, tuple[str, asyncio.Future[bytes]]] = {}
        self._next_call = FIRST_CALL
        self._transport: asyncio.Transport
        self.dropped = 0
        self.request: int | None = None
        self.response: int | None = None
        self.peer = "?"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the client, unless it is refused."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        _set_options(transport.get_extra_info("socket"))
        self.peer = str(transport.get_extra_info("peername")[0])
        self._on_open(self)
        if not transport.is_closing():
            self.send(handshake())

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer for the next bytes."""
        return self._decoder.room()

    def buffer_updated(self, nbytes: int) -> None:
        """Pass on the frames that the bytes complete; close a stream that can no longer be read."""
        self._progress += nbytes
        completed = False
        try:
            for frame in self._decoder.received(nbytes):
                completed = True
                if self._transport.is_closing():
                    return
                if not frame.is_keep_alive:
                    self._on_frame(self, frame)
        except FrameError as error:
            self.report(f"the connection is closed: {error}")
            self._transport.close()
        self._watch_for_stall(completed, nbytes)

    def _watch_for_stall(self, completed: bool, nbytes: int) -> None:
        """Limit the time within a frame; between frames, a client may be silent for any time."""
        is_over = completed or self._transport.is_closing()
        if self._stalled is not None and is_over:
            self._stalled.cancel()
            self._stalled = None
        if self._stalled is None and self._decoder.is_in_frame and not self._transport.is_closing():
            self._watch(nbytes)

    def _watch(self, progress: int) -> None:
        self._progress = progress
        self._stalled = asyncio.get_running_loop().call_later(self._stall_timeout, self._look_for_progress)

    def _look_for_progress(self) -> None:
        if self._progress >= MIN_PROGRESS:
            self._watch(0)
            return
        logger.warning(
            "%s: only %d bytes arrived in %s s within a frame; its connection is closed",
            self.peer,
            self._progress,
            self._stall_timeout,
        )
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Raise an error in every call that waits for this client."""
        if self._stalled is not None:
            self._stalled.cancel()
        for number in list(self._calls):
            self.fail(number, f"the client at {self.peer} left before it answered")
        self._on_close(self)

    def pause_writing(self) -> None:
        """Keep the following frames in the queues."""
        self._paused = True

    def resume_writing(self) -> None:
        """Send the waiting frames, answers first."""
        self._paused = False
        for queue in (self._answers, self._messages):
            while queue and not self._paused:
                self._transport.write(queue.popleft())

    def publish(self, frame: bytes) -> None:
        """Send a message, which a newer one may replace."""
        if not self._paused:
            self._transport.write(frame)
            return
        if len(self._messages) >= self._queue_size:
            self._messages.popleft()
            self.dropped += 1
        self._messages.append(frame)

    def send(self, frame: bytes) -> None:
        """Send a frame that must not be dropped."""
        if not self._paused:
            self._transport.write(frame)
        elif len(self._answers) < self._queue_size:
            self._answers.append(frame)
        else:
            logger.warning("%s does not read; its connection is closed", self.peer)
            self._transport.abort()

    def report(self, text: str) -> None:
        """Report an error to the client and in the log."""
        logger.warning("%s: %s", self.peer, text)
        self.send(encode_command("__error", {"text": text}))

    def refuse(self, text: str) -> None:
        """Send the reason of the refusal to the client, and then close the socket."""
        self.report(text)
        self._transport.close()

    def close(self) -> None:
        """Close the socket without sending the waiting frames."""
        self._transport.abort()

    async def call(self, service: str, request: bytes, timeout: float) -> bytes:
        """Call a service that this client offers.

        Raises:
            CallError: The client left, or did not answer within `timeout` seconds.
        """
        number, self._next_call = self._next_call, self._next_call + 1
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._calls[number] = service, answer
        self.send(encode_call("__request", number, service, request))
        try:
            return await asyncio.wait_for(answer, timeout)
        except TimeoutError:
            raise CallError(f"{service} did not answer within {timeout} s") from None
        finally:
            del self._calls[number]

    def called_service(self, number: int) -> str | None:
        """Return the service of a call; None if nothing waits for it any more."""
        return self._calls[number][0] if number in self._calls else None

    def answer(self, number: int, response: bytes) -> None:
        """Pass a response to the call that waits for it; a late response is dropped."""
        if number in self._calls and not self._calls[number][1].done():
            self._calls[number][1].set_result(response)

    def fail(self, number: int, reason: str) -> None:
        """Raise an error in the call that waits for a response."""
        if number in self._calls and not self._calls[number][1].done():
            self._calls[number][1].set_exception(CallError(reason))


def _set_options(connection: socket.socket) -> None:
    """Send without delay; detect within half a minute that the machine of a silent client is gone."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):  # not on all systems
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
