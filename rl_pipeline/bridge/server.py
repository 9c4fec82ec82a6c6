"""The server end of ROS-TCP: one event loop, any number of clients, and a backend that represents ROS."""

import asyncio
import logging
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Protocol

from rl_pipeline.bridge.commands import (
    PREFIX,
    CommandError,
    encode_call,
    encode_command,
    integer_argument,
    parse_arguments,
    text_argument,
)
from rl_pipeline.bridge.connection import CallError, Connection
from rl_pipeline.bridge.framing import DEFAULT_MAX_FRAME, Frame, encode

logger = logging.getLogger(__name__)

REGISTRATIONS = {
    "subscribe": "subscriber",
    "publish": "publisher",
    "ros_service": "ros_service",
    "unity_service": "unity_service",
}


class BackendError(Exception):
    """Raised when a backend cannot do something, such as create an unknown type; the client gets the message."""


class Backend(Protocol):
    """Interface that the clients of a server are connected to. Its methods run in the server's event loop."""

    def register(self, kind: str, name: str, type_name: str, queue_size: int, latch: bool) -> None:
        """Create a `"subscriber"`, `"publisher"`, `"ros_service"` or `"unity_service"` for the first client.

        Raises:
            BackendError: The backend cannot create it.
        """

    def remove(self, kind: str, name: str) -> None:
        """Undo `register`: the last client that used it has disconnected."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Receive a message of a client on a registered topic."""

    async def call(self, service: str, request: bytes) -> bytes:
        """Call a service for a client.

        Raises:
            BackendError: The service does not exist or failed.
        """

    def topics(self) -> list[tuple[str, str]]:
        """List names and types of all topics."""


@dataclass(frozen=True)
class Limits:
    """Limits of clients.

    Attributes:
        max_frame: Bytes of a payload.
        queue_size: Frames that wait for a slow client.
        call_timeout: Seconds that a service call may take.
        stall_timeout: Seconds after which a client counts as dead if a frame makes no progress.
        max_clients: Clients that may be connected at the same time.
        max_registrations: Topics and services that one client may register.
        max_calls: Service calls of one client that may be pending.
        topics: Shell patterns of the topics and services that may be registered.
        addresses: Shell patterns of the addresses that may connect.
    """

    max_frame: int = DEFAULT_MAX_FRAME
    queue_size: int = 10
    call_timeout: float = 10.0
    stall_timeout: float = 30.0
    max_clients: int = 64
    max_registrations: int = 1000
    max_calls: int = 100
    topics: tuple[str, ...] = ("*",)
    addresses: tuple[str, ...] = ("*",)


@dataclass(eq=False)
class _Client:
    registered: dict[tuple[str, str], str] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class Server:
    """Passes messages, requests and responses between clients and a backend.

    Args:
        backend: The backend that the clients are connected to.
        limits: Limits of clients.
    """

    def __init__(self, backend: Backend, limits: Limits | None = None) -> None:
        self._backend = backend
        self._limits = limits or Limits()
        self._clients: dict[Connection, _Client] = {}
        self._server: asyncio.Server | None = None

    @property
    def dropped(self) -> int:
        """Messages that were dropped because connected clients were too slow."""
        return sum(connection.dropped for connection in self._clients)

    async def start(self, host: str = "127.0.0.1", port: int = 10000) -> int:
        """Listen on an IPv4 or IPv6 address.

        Args:
            host: The address.
            port: The port; 0 for a free one.

        Returns:
            The port.

        Raises:
            OSError: The address or port is not available.
        """
        limits = self._limits
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(
                self._open,
                self._receive,
                self._close,
                limits.max_frame,
                limits.queue_size,
                limits.stall_timeout,
            ),
            host,
            port,
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close the port and every connection; callers that wait get an error."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._clients):
            connection.close()
        await asyncio.sleep(0)

    def deliver(self, topic: str, payload: bytes) -> None:
        """Send a message to every client that subscribed to the topic. Call it in the event loop."""
        frame = encode(topic, payload)
        for connection, client in self._clients.items():
            if ("subscriber", topic) in client.registered:
                connection.publish(frame)

    async def call(self, service: str, request: bytes) -> bytes:
        """Call a service that a client offers.

        Raises:
            CallError: No client offers the service, or the client did not answer in time.
        """
        for connection, client in self._clients.items():
            if ("unity_service", service) in client.registered:
                return await connection.call(service, request, self._limits.call_timeout)
        raise CallError(f"no client offers {service}")

    def _open(self, connection: Connection) -> None:
        if not _matches(connection.peer, self._limits.addresses):
            logger.warning("%s is not among the allowed addresses", connection.peer)
            connection.close()
        elif len(self._clients) >= self._limits.max_clients:
            connection.refuse(
                f"{self._limits.max_clients} clients are connected; the server accepts no more (max_clients)"
            )
        self._clients[connection] = _Client()

    def _close(self, connection: Connection) -> None:
        client = self._clients.pop(connection)
        for task in client.tasks:
            task.cancel()
        for kind, name in client.registered:
            self._release(kind, name)

    def _receive(self, connection: Connection, frame: Frame) -> None:
        """Handle a frame; errors are reported to its sender, and the connection continues."""
        try:
            if self._is_body_of_request(connection, frame) or self._is_body_of_response(connection, frame):
                return
            if frame.topic.startswith(PREFIX):
                self._command(connection, frame.topic.removeprefix(PREFIX), parse_arguments(frame.payload))
            elif ("publisher", frame.topic) in self._clients[connection].registered:
                self._backend.publish(frame.topic, frame.payload)
            else:
                connection.report(f"topic {frame.topic!r} is not registered: send __publish first")
        except (CommandError, BackendError) as error:
            connection.report(f"{frame.topic}: {error}")

    def _is_body_of_request(self, connection: Connection, frame: Frame) -> bool:
        """Start the call whose body is in the frame; a missing body is reported at once."""
        number, connection.request = connection.request, None
        if number is None:
            return False
        known_as_other = ("publisher", frame.topic) in self._clients[connection].registered
        if frame.topic.startswith(PREFIX) or known_as_other:
            self._fail_call(connection, number, frame.topic, "came without its body")
            return False
        self._start_call(connection, number, frame)
        return True

    def _is_body_of_response(self, connection: Connection, frame: Frame) -> bool:
        """Answer the call whose body the frame is."""
        number, connection.response = connection.response, None
        if number is None:
            return False
        service = connection.called_service(number)
        if service is None:  # abandoned meanwhile, so its name is no longer known
            return not frame.topic.startswith(PREFIX)
        if frame.topic != service:
            connection.fail(number, f"the response came without its body: {frame.topic!r} came instead")
            return False
        connection.answer(number, frame.payload)
        return True

    def _fail_call(self, connection: Connection, number: int, service: str, reason: str) -> None:
        """Report why a call of a client failed, and end its wait.

        The protocol has no failed response, and Unity's connector waits for one forever. A response without a byte,
        not even the header of CDR, makes its deserializer throw, which is an exception at the caller that waits.
        """
        connection.report(f"{service}: request {number} {reason}")
        connection.send(encode_call("__response", number, service, b""))

    def _command(self, connection: Connection, name: str, arguments: dict[str, Any]) -> None:
        if name in REGISTRATIONS:
            self._register(connection, REGISTRATIONS[name], arguments)
        elif name.removeprefix("remove_") in REGISTRATIONS.values() and name.startswith("remove_"):
            key = (name.removeprefix("remove_"), text_argument(arguments, "topic"))
            if self._clients[connection].registered.pop(key, None) is not None:
                self._release(*key)
        elif name == "request":
            connection.request = integer_argument(arguments, "srv_id")
        elif name == "response":
            connection.response = integer_argument(arguments, "srv_id")
        elif name == "topic_list":
            topics = self._backend.topics()
            names, types = [topic for topic, _ in topics], [type_name for _, type_name in topics]
            connection.send(encode_command("__topic_list", {"topics": names, "types": types}))
        elif name == "ping":
            connection.send(encode_command("__ping_response", arguments))
        else:
            raise CommandError("unknown command")

    def _register(self, connection: Connection, kind: str, arguments: dict[str, Any]) -> None:
        name, type_name = text_argument(arguments, "topic"), text_argument(arguments, "message_name")
        queue_size = max(1, integer_argument(arguments, "queue_size", 10))
        if not _matches(name, self._limits.topics):
            raise CommandError(f"{name!r} is not among the allowed topics and services")
        registered = self._clients[connection].registered
        most = self._limits.max_registrations
        if len(registered) >= most and (kind, name) not in registered:
            raise CommandError(
                f"{most} topics and services are registered; the server accepts no more (max_registrations)"
            )
        for client in self._clients.values():
            other = client.registered.get((kind, name), type_name)
            if other != type_name:
                raise CommandError(f"{name!r} is registered as {other}, not {type_name}")
        if not self._is_registered(kind, name):
            self._backend.register(kind, name, type_name, queue_size, arguments.get("latch") is True)
        registered[kind, name] = type_name

    def _release(self, kind: str, name: str) -> None:
        if not self._is_registered(kind, name):
            self._backend.remove(kind, name)

    def _is_registered(self, kind: str, name: str) -> bool:
        return any((kind, name) in client.registered for client in self._clients.values())

    def _start_call(self, connection: Connection, number: int, frame: Frame) -> None:
        client = self._clients[connection]
        if ("ros_service", frame.topic) not in client.registered:
            reason = "failed: this service is not registered: send __ros_service first"
            self._fail_call(connection, number, frame.topic, reason)
            return
        if len(client.tasks) >= self._limits.max_calls:
            reason = f"failed: {self._limits.max_calls} calls are pending; the server accepts no more"
            self._fail_call(connection, number, frame.topic, reason)
            return
        task = asyncio.get_running_loop().create_task(self._call(connection, number, frame))
        client.tasks.add(task)
        task.add_done_callback(client.tasks.discard)

    async def _call(self, connection: Connection, number: int, frame: Frame) -> None:
        timeout = self._limits.call_timeout
        try:
            response = await asyncio.wait_for(self._backend.call(frame.topic, frame.payload), timeout)
        except BackendError as error:
            self._fail_call(connection, number, frame.topic, f"failed: {error}")
        except TimeoutError:
            self._fail_call(connection, number, frame.topic, f"got no answer within {timeout} s")
        else:
            connection.send(encode_call("__response", number, frame.topic, response))


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
