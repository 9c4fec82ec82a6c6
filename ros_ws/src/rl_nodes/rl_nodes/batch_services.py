"""Services of a simulation, which run in the calling thread without an executor."""

from collections.abc import Callable, Mapping
from typing import Any

from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node

from rl_pipeline.envs.ros.topics.arrivals import TakenByHand

POLL_NANOSECONDS = 100_000_000


class BatchServices:
    """Answers requests as they arrive.

    rclpy's executors inspect everything that a node has before each wait; a wait that watches only these services
    answers a step in a fraction of that time.

    Args:
        node: Node that offers the services below its own name.
        types: Names and types of the services.
        server: Object with a callback of the same name for each service.
    """

    def __init__(self, node: Node, types: Mapping[str, type], server: object) -> None:
        self._node = node
        self._context = node.context
        group = TakenByHand()
        self._services = [
            node.create_service(service_type, f"~/{name}", getattr(server, name), callback_group=group)
            for name, service_type in types.items()
        ]

    def has_clients(self) -> bool:
        """Return whether one of the services has a client on the network."""
        return any(self._node.count_clients(service.service_name) for service in self._services)

    def serve(self, is_over: Callable[[], bool]) -> None:
        """Serve until ROS is shut down or another condition is met, which is checked ten times per second."""
        while self._context.ok() and not is_over():
            self._wait()
            for service in self._services:
                self._answer(service)

    def _wait(self) -> None:
        wait_set = _rclpy.WaitSet(0, 0, 0, 0, len(self._services), 0, self._context.handle)
        wait_set.clear_entities()
        for service in self._services:
            wait_set.add_service(service.handle)
        wait_set.wait(POLL_NANOSECONDS)

    @staticmethod
    def _answer(service: Any) -> None:
        request, header = service.handle.service_take_request(service.srv_type.Request)
        if request is not None:
            service.send_response(service.callback(request, service.srv_type.Response()), header)
