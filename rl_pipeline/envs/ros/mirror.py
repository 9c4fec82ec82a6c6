"""Topics of a Unity program without ROS, forwarded to ROS."""

import logging
import threading
from typing import Any

from rclpy.exceptions import InvalidTopicNameException

from rl_pipeline.bridge.cdr import HEADER
from rl_pipeline.bridge.lockstep import Topic
from rl_pipeline.envs.ros.participant import join_network, leave_network
from rl_pipeline.envs.ros.serialized import interface, publisher_qos, whole

logger = logging.getLogger(__name__)


class TopicMirror:
    """Publishes the newest message of each topic in a separate thread.

    Args:
        rate: Maximum number of messages of a topic per second; messages in between are dropped.
    """

    def __init__(self, rate: float) -> None:
        self._newest: dict[Topic, bytes] = {}
        self._publishers: dict[Topic, Any] = {}
        self._node = join_network("unity_mirror")
        self._done = threading.Event()
        self._thread = threading.Thread(
            target=self._publish_newest, args=(1.0 / rate,), name="mirror", daemon=True
        )
        self._thread.start()

    def take(self, topic: Topic, payload: bytes) -> None:
        """Store a message, CDR with its header, until it is published; it replaces an older one."""
        self._newest[topic] = payload

    def close(self) -> None:
        """Leave the network."""
        self._done.set()
        self._thread.join()
        leave_network(self._node)

    def _publish_newest(self, interval: float) -> None:
        while not self._done.wait(interval):
            for topic in list(self._newest):  # a copy, since the other thread continues
                payload = self._newest.pop(topic)
                publisher = self._publisher(topic)
                if publisher is not None and payload.startswith(HEADER):
                    publisher.publish(whole(payload))

    def _publisher(self, topic: Topic) -> Any:
        """Return the publisher of a topic; None, with one line in the log, if ROS does not have the type."""
        if topic not in self._publishers:
            try:
                self._publishers[topic] = self._node.create_publisher(
                    interface(topic.type_name, "msg"), topic.name, publisher_qos(1, topic.latch)
                )
            except (ImportError, AttributeError, ValueError, TypeError, InvalidTopicNameException) as error:
                logger.warning("%s (%s) is not mirrored to ROS: %s", topic.name, topic.type_name, error)
                self._publishers[topic] = None
        return self._publishers[topic]
