import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.vector import VectorEnv

from rl_pipeline.bridge.cdr import CdrWriter
from rl_pipeline.bridge.lockstep import Topic
from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.unity_ros import UnityRos
from rl_pipeline.envs.factory import make_vector_env
from tests.ros_network import RosNetwork

PLAYER = Path(__file__).parents[3] / "unity_build" / "player" / "tank.x86_64"
RATE = 20.0
DEADLINE = 30.0

Listen = Callable[..., list[Any]]


@pytest.fixture
def listen(ros_network: RosNetwork) -> Iterator[Listen]:
    """Subscribe to a topic, in a thread; what comes is in the list."""
    import rclpy
    from rclpy.context import Context
    from rclpy.executors import SingleThreadedExecutor

    context = Context()
    rclpy.init(context=context)
    node = rclpy.create_node("listener", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin)

    def subscribe(kind: type, topic: str, qos: Any = 10) -> list[Any]:
        received: list[Any] = []
        node.create_subscription(kind, topic, received.append, qos)
        if not spinning.is_alive():
            spinning.start()
        return received

    yield subscribe
    executor.shutdown()
    spinning.join()
    node.destroy_node()
    rclpy.shutdown(context=context)


def tanks(**keys: Any) -> VectorEnv:
    settings = UnityRos(build_path=str(PLAYER), arguments=["--publish-poses"], port=0, **keys)
    return make_vector_env(Environment(id="Tank", backend="unity_ros", n_environments=2, unity_ros=settings))


def test_topics_of_the_first_program_reach_ros_at_most_at_the_rate(listen: Listen) -> None:
    from geometry_msgs.msg import Pose

    poses = listen(Pose, "/unity/pose")
    ahead = np.array([[1.0, 0.2], [1.0, 0.2]], np.float32)
    with closing(tanks(mirror_rate=RATE, n_instances=2)) as env:
        started = time.monotonic()
        while len(poses) < 10 and time.monotonic() - started < DEADLINE:
            env.step(ahead)
        elapsed = time.monotonic() - started
    assert 10 <= len(poses) <= RATE * elapsed + 1
    assert len({pose.position.x for pose in poses}) > 1
    for pose in poses:
        assert pose.orientation.z**2 + pose.orientation.w**2 == pytest.approx(1.0)


def test_without_a_rate_nothing_takes_part_in_ros(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "rl_pipeline.envs.ros.mirror", raising=False)
    for name in ("rclpy", "rclpy.exceptions"):
        monkeypatch.setitem(sys.modules, name, None)
    with closing(tanks()) as env:
        env.step(np.zeros((2, 2), np.float32))
    with pytest.raises(ConfigError, match=r"(?s)mirror_rate.*ROS 2.*activate\.bash"):
        tanks(mirror_rate=RATE)


def test_what_ros_does_not_know_is_said_once_and_stops_nothing(
    listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    from rclpy.qos import DurabilityPolicy, QoSProfile
    from std_msgs.msg import String

    from rl_pipeline.envs.ros.mirror import TopicMirror

    text = CdrWriter().string("hello").message()
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    with closing(TopicMirror(RATE)) as mirror:
        for _ in range(2):
            mirror.take(Topic("/a", "no_such_msgs/Text", False), text)
            mirror.take(Topic("/b", "std_msgs/NoSuch", False), text)
            mirror.take(Topic("no name", "std_msgs/String", False), text)
            mirror.take(Topic("/latched", "std_msgs/String", True), b"no message")
            time.sleep(2 / RATE)
        mirror.take(Topic("/latched", "std_msgs/String", True), text)
        received = listen(String, "/latched", latched)
        end = time.monotonic() + DEADLINE
        while not received and time.monotonic() < end:
            time.sleep(0.01)
    assert [message.data for message in received] == ["hello"]
    for topic in ("/a", "/b", "no name"):
        assert sum(record.getMessage().startswith(f"{topic} (") for record in caplog.records) == 1
