"""The server end of ROS-TCP for one program that is called in lockstep: blocking, without an event loop."""

import json
import socket
import struct
import time
from collections.abc import Callable, Collection
from typing import NamedTuple

from rl_pipeline.bridge.commands import (
    PREFIX,
    CallHead,
    CommandError,
    encode_call,
    encode_command,
    handshake,
    integer_argument,
    parse_arguments,
    text_argument,
)
from rl_pipeline.bridge.connection import FIRST_CALL
from rl_pipeline.bridge.framing import DEFAULT_MAX_FRAME, Buffer, Frame, FrameDecoder

POLL_S = 0.2
_TIMEVAL = struct.pack("ll", 0, int(POLL_S * 1e6))


class Topic(NamedTuple):
    """A topic that a program announced to publish.

    Attributes:
        name: With its leading slash, if it has one.
        type_name: `package/Name`.
        latch: Whether later subscribers also get the last message.
    """

    name: str
    type_name: str
    latch: bool


class LockstepEndpoint:
    """Listens on a port for one program, and calls the services that it offers.

    Args:
        host: Address to listen on, IPv4 or IPv6.
        port: The port; 0 for a free one.
        on_message: Called with topic and payload of each message that the program publishes; None ignores them.
        max_frame: Maximum number of bytes of a payload.

    Attributes:
        port: The port.

    Raises:
        OSError: The address or port is not available.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        on_message: Callable[[Topic, bytes], None] | None = None,
        max_frame: int = DEFAULT_MAX_FRAME,
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self.port = int(self._listener.getsockname()[1])
        self._on_message, self._max_frame = on_message, max_frame
        self._socket: socket.socket | None = None
        self._next_call = FIRST_CALL

    def __enter__(self) -> "LockstepEndpoint":
        """Return the endpoint itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the connection and the port."""
        self.close()

    def accept(
        self, services: Collection[str], timeout: float, alive: Callable[[], bool] = lambda: True
    ) -> None:
        """Wait until a program is connected and offers all these services.

        Raises:
            TimeoutError: No program connected within `timeout` seconds, or it did not offer the services.
            ConnectionError: The program has ended, according to `alive()`.
        """
        self.disconnect()
        deadline = time.monotonic() + timeout
        while True:
            self._wait_for_program(deadline, alive)
            try:
                self._send(handshake(), deadline)
                while not self._offered.issuperset(services):
                    missing = ", ".join(sorted(set(services) - self._offered)[:3])
                    self._other(self._receive(deadline, f"it does not offer {missing}"), deadline)
            except ConnectionError:  # a program that has ended may still be in the queue of the port
                self.disconnect()
            else:
                return

    def _wait_for_program(self, deadline: float, alive: Callable[[], bool]) -> None:
        self._listener.settimeout(POLL_S)
        while self._socket is None:
            try:
                self._socket = self._listener.accept()[0]
            except TimeoutError:
                if not alive():
                    raise ConnectionError("the program ended before it connected") from None
                if time.monotonic() > deadline:
                    raise TimeoutError("no program connected") from None
        _set_options(self._socket)
        self._decoder = FrameDecoder(self._max_frame)
        self._heads: dict[str, CallHead] = {}
        self._offered: set[str] = set()
        self._topics: dict[str, Topic] = {}

    def offers(self, service: str) -> bool:
        """Whether the program has offered a service."""
        return service in self._offered

    def request(self, service: str, payload: Buffer, deadline: float) -> int:
        """Send a request; return its number for `response`.

        Args:
            service: Name of the service.
            payload: CDR with its header.
            deadline: Time of `time.monotonic()` until which to wait.

        Raises:
            ConnectionError: The program is gone.
            TimeoutError: The program does not read.
        """
        number, self._next_call = self._next_call, self._next_call + 1
        self._send(encode_call("__request", number, service, payload), deadline)
        return number

    def response(self, service: str, number: int, deadline: float) -> bytes | memoryview:
        """Wait for the response to a request; responses to abandoned requests are skipped.

        Args:
            service: Name of the service.
            number: The result of `request`.
            deadline: See `request`.

        Returns:
            CDR with its header, which is valid until the next call of a method.

        Raises:
            ConnectionError: The program is gone.
            TimeoutError: The program did not answer in time.
            FrameError: The program does not send ROS-TCP.
            CommandError: The program sends invalid commands.
        """
        waiting = f"no answer to request {number}"
        known = self._heads.get(service)
        expected = None if known is None else known.with_number(number)
        while True:
            if not self._decoder.is_in_frame:
                self._fill(deadline, waiting)
            if expected is not None and (payload := self._decoder.cut_expected(expected)) is not None:
                return payload
            frame = self._receive(deadline, waiting)
            if frame.topic != "__response":
                self._other(frame, deadline)
                _check(deadline, waiting)
                continue
            answered = integer_argument(parse_arguments(frame.payload), "srv_id")
            body = self._receive(deadline, f"no body of response {answered}")
            if answered > number:
                raise CommandError(f"response {answered} arrived, but {number} was expected")
            if answered == number:
                self._learn(service, number, frame, body)
                return body.payload

    def _learn(self, service: str, number: int, frame: Frame, body: Frame) -> None:
        """Keep the form of a response's two frames, so that the next one need not be read frame by frame."""
        if body.topic == service and parse_arguments(frame.payload) == {"srv_id": number}:
            nul = frame.payload.endswith(b"\0")
            self._heads[service] = CallHead.of(frame.topic, frame.payload, number, service, nul=nul)

    def disconnect(self) -> None:
        """Close the connection and continue listening."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def close(self) -> None:
        """Close the connection and the port."""
        self.disconnect()
        self._listener.close()

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionError("no program is connected")
        return self._socket

    def _send(self, data: bytes, deadline: float) -> None:
        connection, sent = self._connected(), 0
        while sent < len(data):
            if sent:
                _check(deadline, "it does not read")
            try:
                sent += connection.send(memoryview(data)[sent:] if sent else data)
            except BlockingIOError:
                _check(deadline, "it does not read")

    def _receive(self, deadline: float, waiting: str) -> Frame:
        """Return the next frame that is not a keep-alive."""
        while True:
            while (frame := self._decoder.cut()) is not None:
                if not frame.is_keep_alive:
                    return frame
            _check(deadline, waiting)
            self._fill(deadline, waiting)

    def _fill(self, deadline: float, waiting: str) -> None:
        """Receive the available bytes, or wait for some."""
        connection = self._connected()
        while True:
            try:
                size = connection.recv_into(self._decoder.room())
                break
            except BlockingIOError:
                _check(deadline, waiting)
        if not size:
            raise ConnectionError("the program closed the connection")
        self._decoder.received(size)

    def _other(self, frame: Frame, deadline: float) -> None:
        """Handle a frame that is not a response: registrations and messages."""
        if not frame.topic.startswith(PREFIX):
            if self._on_message is not None and frame.topic in self._topics:
                self._on_message(self._topics[frame.topic], frame.payload)
            return
        arguments = parse_arguments(frame.payload)
        match frame.topic:
            case "__unity_service":
                self._offered.add(text_argument(arguments, "topic"))
            case "__publish":
                name, type_name = text_argument(arguments, "topic"), text_argument(arguments, "message_name")
                self._topics[name] = Topic(name, type_name, arguments.get("latch") is True)
            case "__topic_list":
                self._send(encode_command("__topic_list", {"topics": [], "types": []}), deadline)
            case "__request":
                self._receive(deadline, "no body of a request")
                self._refuse("a training answers no requests", deadline)
            case _:
                self._refuse(f"a training does not know {frame.topic} {json.dumps(arguments)}", deadline)

    def _refuse(self, text: str, deadline: float) -> None:
        self._send(encode_command("__error", {"text": text}), deadline)


def _set_options(connection: socket.socket) -> None:
    """Send without delay; wait in the kernel, `POLL_S` at a time, with one system call for each wait."""
    connection.setblocking(True)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        connection.setsockopt(socket.SOL_SOCKET, option, _TIMEVAL)


def _check(deadline: float, waiting: str) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError(waiting)
