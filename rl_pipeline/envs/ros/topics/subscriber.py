"""The newest message of a topic, and its age."""

import threading
import time

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from rl_pipeline.envs.errors import SimulationLostError
from rl_pipeline.envs.ros.interfaces import Message, find_interface
from rl_pipeline.envs.ros.topics.network import NANOSECONDS, Network, find_type

POLL_S = 0.001


class Subscriber:
    """Keeps the newest message of a topic.

    Args:
        network: Participant that subscribes.
        topic: The topic, which must have a publisher.
        timeout: Seconds to wait for a publisher.

    Attributes:
        topic: The topic.
        message_class: Class of its messages.

    Raises:
        SimulationMissingError: The topic has no publisher.
    """

    def __init__(self, network: Network, topic: str, timeout: float) -> None:
        self.topic = topic
        self._network = network
        self.message_class = find_interface(find_type(network.node, topic, timeout), "environment.ros_topics")
        self._lock = threading.Lock()
        self._message: Message = None
        self._stamp = -1.0
        self._mismatch = ""
        self._subscription = network.node.create_subscription(
            self.message_class,
            topic,
            self._take,
            offered_quality(network.node, topic),
            event_callbacks=SubscriptionEventCallbacks(incompatible_qos=self._note_mismatch),
        )

    def wait_until_fresh(self, since: float, max_age: float, timeout: float) -> Message:
        """Return the newest message; wait for a fresh one if necessary.

        Args:
            since: ROS time in seconds; earlier messages are too old.
            max_age: Maximum age of a message in ROS seconds.
            timeout: Seconds of the wall clock to wait for it.

        Raises:
            SimulationLostError: No fresh message arrived.
        """
        deadline = time.monotonic() + timeout
        while True:
            with self._lock:
                message, stamp = self._message, self._stamp
            now = self._network.now()
            if message is not None and stamp >= max(since, now - max_age):
                return message
            if time.monotonic() > deadline:
                raise SimulationLostError(self._describe(message, stamp, now, timeout))
            time.sleep(POLL_S)

    def _describe(self, message: Message, stamp: float, now: float, timeout: float) -> str:
        publishers = self._network.node.count_publishers(self.topic)
        if message is None:
            state = f"{publishers} publishers, no message"
        else:
            state = f"{publishers} publishers, the newest message is {now - stamp:.3f} s old"
        return (
            f"{self.topic}: no fresh message within {timeout:g} s ({state}){self._mismatch}; "
            f"`ros2 topic hz {self.topic}` shows its rate; environment.ros_topics.max_age is the maximum age"
        )

    def _take(self, message: Message) -> None:
        stamp = stamp_of(message)
        with self._lock:
            self._message = message
            self._stamp = stamp / NANOSECONDS if stamp else self._network.now()

    def _note_mismatch(self, event: Message) -> None:
        self._mismatch = (
            f"; a publisher has an incompatible quality of service (policy {event.last_policy_kind}): "
            "all publishers of a topic should use the same; `ros2 topic info --verbose` shows it"
        )


def stamp_of(message: Message) -> int | None:
    """Return the time in a message's header in nanoseconds; None if it has none, or zero."""
    stamp = getattr(getattr(message, "header", None), "stamp", None)
    return (stamp.sec * NANOSECONDS + stamp.nanosec) or None if stamp is not None else None


def offered_quality(node: Node, topic: str) -> QoSProfile:
    """Return a quality of service for a subscription that is compatible with every publisher."""
    publishers = node.get_publishers_info_by_topic(topic)
    profile = QoSProfile(depth=1)
    if any(one.qos_profile.reliability != ReliabilityPolicy.RELIABLE for one in publishers):
        profile.reliability = ReliabilityPolicy.BEST_EFFORT
    if publishers and all(
        one.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for one in publishers
    ):
        profile.durability = DurabilityPolicy.TRANSIENT_LOCAL
    return profile
