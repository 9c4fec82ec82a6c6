"""Topics and services of the clients, as those of one node."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rclpy._rclpy_pybind11 import RCLError
from rclpy.node import Node
from rclpy.serialization import deserialize_message, serialize_message
from rclpy.task import Future

from rl_pipeline.bridge.connection import CallError
from rl_pipeline.bridge.server import BackendError, Server
from rl_pipeline.envs.ros.serialized import interface, publisher_qos, whole


class RosBackend:
    """Backend of an endpoint's server.

    Messages pass as bytes. Requests and responses are deserialised, since rclpy has no raw services.

    Args:
        node: Node with all publishers, subscriptions, clients and services; another thread spins it.
        loop: The server's event loop.

    Attributes:
        server: The server; set it before the first client connects.
    """

    server: Server

    def __init__(self, node: Node, loop: asyncio.AbstractEventLoop) -> None:
        self._node, self._loop = node, loop
        self._entities: dict[tuple[str, str], Any] = {}

    def register(self, kind: str, name: str, type_name: str, queue_size: int, latch: bool) -> None:
        """See `rl_pipeline.bridge.server.Backend`."""
        make: dict[str, Callable[[], object]] = {
            "subscriber": lambda: self._node.create_subscription(
                interface(type_name, "msg"), name, self._forward(name), queue_size, raw=True
            ),
            "publisher": lambda: self._node.create_publisher(
                interface(type_name, "msg"), name, publisher_qos(queue_size, latch)
            ),
            "ros_service": lambda: self._node.create_client(interface(type_name, "srv"), name),
            "unity_service": lambda: self._serve(interface(type_name, "srv"), name),
        }
        try:
            self._entities[kind, name] = make[kind]()
        except Exception as error:
            raise BackendError(f"cannot create {kind} {name!r} of type {type_name!r}: {error}") from error

    def remove(self, kind: str, name: str) -> None:
        """See `rl_pipeline.bridge.server.Backend`."""
        destroy: dict[str, Callable[[Any], object]] = {
            "subscriber": self._node.destroy_subscription,
            "publisher": self._node.destroy_publisher,
            "ros_service": self._node.destroy_client,
            "unity_service": self._node.destroy_service,
        }
        destroy[kind](self._entities.pop((kind, name)))

    def publish(self, topic: str, payload: bytes) -> None:
        """See `rl_pipeline.bridge.server.Backend`; nothing is published once ROS is shut down."""
        if not self._node.context.ok():  # the endpoint is about to stop
            return
        with _refusals_of_ros():
            self._entities["publisher", topic].publish(whole(payload))

    async def call(self, service: str, request: bytes) -> bytes:
        """See `rl_pipeline.bridge.server.Backend`."""
        client = self._entities["ros_service", service]
        answer: asyncio.Future[object] = self._loop.create_future()
        with _refusals_of_ros():
            if not client.service_is_ready():
                raise BackendError("no node offers this service")
            pending = client.call_async(_parse(request, client.srv_type.Request))
        pending.add_done_callback(lambda done: self._loop.call_soon_threadsafe(_settle, answer, done))
        try:
            return serialize_message(await answer)
        finally:
            client.remove_pending_request(pending)

    def topics(self) -> list[tuple[str, str]]:
        """See `rl_pipeline.bridge.server.Backend`."""
        with _refusals_of_ros():
            found = self._node.get_topic_names_and_types()
        return [(name, types[0].replace("/msg/", "/")) for name, types in found]

    def _forward(self, topic: str) -> Callable[[bytes], None]:
        def forward(payload: bytes) -> None:
            self._loop.call_soon_threadsafe(self.server.deliver, topic, payload)

        return forward

    def _serve(self, service_type: Any, name: str) -> object:
        async def serve(request: object, response: object) -> object:
            executor: Any = self._node.executor
            answer = Future(executor=executor)
            call = asyncio.run_coroutine_threadsafe(
                self.server.call(name, serialize_message(request)), self._loop
            )
            call.add_done_callback(answer.set_result)
            # The executor sleeps until a ROS event, and does not notice the future by itself.
            call.add_done_callback(lambda _: executor.wake())
            await answer
            try:
                return _parse(call.result(), service_type.Response)
            except (CallError, BackendError) as error:
                self._node.get_logger().error(f"{name}: {error}; its caller gets an empty response")
                return response

        return self._node.create_service(service_type, name, serve)


@contextmanager
def _refusals_of_ros() -> Iterator[None]:
    """Convert errors of ROS, which refuses everything after its shutdown, to errors for the client."""
    try:
        yield
    except RCLError as error:
        raise BackendError(str(error)) from error


def _settle(answer: "asyncio.Future[Any]", done: Any) -> None:
    if answer.done():
        return
    if done.exception() is not None:
        answer.set_exception(BackendError(str(done.exception())))
    elif not done.cancelled():
        answer.set_result(done.result())


def _parse(payload: bytes, kind: Any) -> object:
    try:
        return deserialize_message(whole(payload), kind)
    except Exception as error:
        raise BackendError(f"not a {kind.__name__}: {error}") from error
