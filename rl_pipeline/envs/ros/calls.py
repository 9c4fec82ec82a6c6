"""Calls of ROS services, several at once, without an executor."""

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy

from rl_pipeline.envs.errors import SimulationMissingError, SimulationTimeoutError
from rl_pipeline.envs.ros.interfaces import Message
from rl_pipeline.envs.ros.participant import join_network, leave_network
from rl_pipeline.envs.ros.waiting import wait_for

NANOSECONDS = 1_000_000_000

Key = TypeVar("Key")


class Call(NamedTuple):
    """A service, given by its node and its name there, and a request."""

    simulation: str
    service: str
    request: Message


def place_of(service: str) -> tuple[str, str]:
    """Split the full name of a service into its node or namespace and the rest."""
    node, _, name = service.rpartition("/")
    return node, name


class ServiceCaller:
    """Calls services, and waits for the answers in the calling thread.

    The wait watches only the called services: rclpy's executors inspect everything that a node has before each
    wait, which takes longer than the call itself.
    """

    def __init__(self, timeout: float, retries: int) -> None:
        """Join the ROS network under a unique name.

        Args:
            timeout: Time limit of an answer in seconds.
            retries: Number of times that an unanswered request is repeated.
        """
        self.timeout = timeout
        self.retries = retries
        self._node = join_network("environment")
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, simulation: str, service: str, service_type: type) -> None:
        """Register a service; it need not exist yet."""
        name = f"{simulation.rstrip('/')}/{service}"
        self._clients[simulation, service] = self._node.create_client(service_type, name)

    def is_there(self, simulation: str, service: str) -> bool:
        """Return whether a registered service of a simulation is on the network now."""
        return bool(self._clients[simulation, service].service_is_ready())

    def wait_for(self, simulation: str, timeout: float, services: Collection[str] | None = None) -> None:
        """Wait until registered services of a simulation are available: some, or all.

        Raises:
            SimulationMissingError: They are not available after `timeout` seconds.
        """
        if services is None:
            services = [name for of, name in self._clients if of == simulation]

        def missing() -> list[str]:
            return [name for name in services if not self.is_there(simulation, name)]

        if not wait_for(lambda: not missing(), timeout, f"the services of {simulation}"):
            name = (missing() or list(services))[0]
            raise SimulationMissingError(
                f"{simulation}: no service '{name}' after {timeout:.1f} s; start the simulation, or "
                "check its name, its namespace and ROS_DOMAIN_ID"
            )

    def call(self, calls: Mapping[Key, Call]) -> dict[Key, Message]:
        """Send all requests, then wait for all answers.

        Returns:
            The answers, without those that did not arrive in time.
        """
        answers: dict[Key, Message] = {}
        for _ in range(1 + self.retries):
            waiting = {key: call for key, call in calls.items() if key not in answers}
            if not waiting:
                break
            answers.update(self.call_once(waiting))
        return answers

    def try_call(self, call: Call, timeout: float) -> Message | None:
        """Send one request once and return its answer; None if it did not arrive within `timeout` seconds."""
        return self.call_once({None: call}, timeout).get(None)

    def call_one(self, call: Call) -> Message:
        """Send one request and return its answer.

        Raises:
            SimulationTimeoutError: No answer arrived.
        """
        answers = self.call({None: call})
        if not answers:
            raise self.timed_out(call.simulation, call.service)
        return answers[None]

    def timed_out(self, simulation: str, service: str, asked: int | None = None) -> SimulationTimeoutError:
        """Return the error for a missing answer."""
        times = 1 + self.retries if asked is None else asked
        return SimulationTimeoutError(
            f"{simulation}/{service} did not answer within {self.timeout:g} s, asked {times} times; "
            "a slow simulation needs a larger environment.ros.timeout"
        )

    def close(self) -> None:
        """Leave the ROS network."""
        leave_network(self._node)

    def call_once(self, calls: Mapping[Key, Call], timeout: float | None = None) -> dict[Key, Message]:
        """Send every request once and wait for all answers; return those that arrived in time."""
        clients = {key: self._clients[call.simulation, call.service] for key, call in calls.items()}
        numbers = {key: clients[key].handle.send_request(call.request) for key, call in calls.items()}
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        answers: dict[Key, Message] = {}
        while waiting := [key for key in calls if key not in answers]:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            self._wait([clients[key] for key in waiting], left)
            for key in waiting:
                header, answer = clients[key].handle.take_response(clients[key].srv_type.Response)
                # An answer to an earlier, abandoned request has another number.
                if header is not None and header.request_id.sequence_number == numbers[key]:
                    answers[key] = answer
        return answers

    def _wait(self, clients: Sequence[Any], seconds: float) -> None:
        wait_set = _rclpy.WaitSet(0, 0, 0, len(clients), 0, 0, self._node.context.handle)
        wait_set.clear_entities()
        for client in clients:
            wait_set.add_client(client.handle)
        wait_set.wait(int(seconds * NANOSECONDS))
