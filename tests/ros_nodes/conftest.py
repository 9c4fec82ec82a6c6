"""A participant of the test's ROS network, and an experiment that trains in seconds."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ros_network import RosNetwork

PATIENCE = 300.0
"""Seconds after which what is waited for has failed, on however slow a machine."""


class Participant:
    """Listens to topics and calls services.

    Attributes:
        node: Its node.
    """

    def __init__(self) -> None:
        import rclpy
        from rclpy.context import Context
        from rclpy.executors import SingleThreadedExecutor

        self.context = Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("participant", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.thread = threading.Thread(target=self.executor.spin)
        self.thread.start()

    def collect(
        self, message_type: Any, topic: str, *, latched: bool = True, reliable: bool = False
    ) -> "Collected":
        """Begin to collect the messages of a topic, with the latest one where it is latched, or all if reliable."""
        from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

        profile = QoSProfile(depth=100)
        if latched:
            profile.durability = DurabilityPolicy.TRANSIENT_LOCAL
        elif not reliable:
            profile.reliability = ReliabilityPolicy.BEST_EFFORT
        collected = Collected()
        collected.subscription = self.node.create_subscription(message_type, topic, collected.add, profile)
        return collected

    def call(self, service_type: Any, name: str, **fields: Any) -> Any:
        """Call a service and return its answer."""
        client = self.node.create_client(service_type, name)
        assert client.wait_for_service(PATIENCE), f"{name} is not on the network"
        return self.result(client.call_async(service_type.Request(**fields)))

    def result(self, future: Any) -> Any:
        """Wait for what a future of ROS gives."""
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        assert done.wait(PATIENCE), "no answer"
        return future.result()

    def leave(self) -> None:
        """Leave the network, if that has not been done."""
        import rclpy

        if not self.context.ok():
            return
        self.executor.shutdown()
        self.thread.join()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


class Collected:
    """The messages of a topic so far.

    Attributes:
        messages: The messages.
    """

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.subscription: Any = None
        self._changed = threading.Condition()

    def wait_for_publisher(self) -> None:
        """Wait until somebody who publishes has been discovered."""
        deadline = time.monotonic() + PATIENCE
        while not self.subscription.get_publisher_count():
            assert time.monotonic() < deadline, f"no publisher of {self.subscription.topic_name}"
            time.sleep(0.02)

    def add(self, message: Any) -> None:
        """Take a message."""
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[Any], bool]) -> Any:
        """Wait for a message with a property and return it."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(map(condition, self.messages)), PATIENCE), self.messages
            return next(filter(condition, self.messages))


@pytest.fixture
def participant(ros_network: RosNetwork) -> Iterator[Participant]:
    participant = Participant()
    yield participant
    participant.leave()


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """An experiment file: its runs take about a second."""
    mapping = {
        "experiment": {"name": "tiny", "folder": str(tmp_path / "experiments")},
        "environment": {"id": "CartPole-v1", "n_environments": 2},
        "training": {
            "algorithm": "a2c",
            "tensorboard": False,
            "training": {
                "total_timesteps": 200,
                "device": "cpu",
                "eval": {"num_episodes": 1, "num_evals": 1},
            },
        },
        "evaluation": {"num_episodes": 2, "video": False},
    }
    file = tmp_path / "tiny.yaml"
    file.write_text(yaml.safe_dump(mapping))
    return file
