import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.envs.errors import MalformedReplyError, SimulationError, WorkerError
from rl_pipeline.envs.factory import make_vector_env, open_vector_env
from tests.ros_network import RosNetwork, end

HERE = Path(__file__).parent
STAY = f"{HERE / 'stay.py'}:Stay"
FIELDS: dict[str, Any] = {
    "observations": ["/joint_states.position[0:1]", "/joint_states.velocity"],
    "actions": [{"field": "/cmd_vel.linear.x", "type": "geometry_msgs/msg/Twist", "low": -5.0, "high": 5.0}],
    "task": STAY,
    "rate": 20.0,
    "reset_services": ["/reset"],
    "timeout": 1.0,
    "max_age": 0.2,
}


def section(n: int = 1, **keys: Any) -> Environment:
    topics = {**FIELDS, **keys}
    environment = {"id": "cart", "backend": "ros_topics", "n_environments": n, "ros_topics": topics}
    return Environment.model_validate(environment)


def make(n: int = 1, **keys: Any) -> Any:
    return make_vector_env(section(n, **keys))


def stand_still(env: Any) -> None:
    for _ in range(100):
        env.step(np.zeros((1, 1), np.float32))


@pytest.fixture
def start(ros_network: RosNetwork) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start a cart; it ends with the test."""
    processes = []

    def start(namespace: str = "/") -> "subprocess.Popen[str]":
        command = [sys.executable, str(HERE / "cart.py"), "--ros-args", "-r", f"__ns:={namespace}"]
        processes.append(subprocess.Popen(command, env=ros_network.environ, text=True))
        return processes[-1]

    yield start
    for process in processes:
        end(process)


@pytest.fixture
def say(ros_network: RosNetwork) -> Iterator[Callable[[str], None]]:
    """Tell the cart to misbehave."""
    import rclpy
    from rclpy.context import Context
    from std_msgs.msg import String

    context = Context()
    rclpy.init(context=context)
    node = rclpy.create_node("troublemaker", context=context)
    publisher = node.create_publisher(String, "/trouble", 1)

    def say(trouble: str) -> None:
        while not publisher.get_subscription_count():
            time.sleep(0.02)
        publisher.publish(String(data=trouble))

    yield say
    node.destroy_node()
    rclpy.shutdown(context=context)


def test_a_cart_with_jitter_is_an_environment(start: Callable[..., Any]) -> None:
    start()
    with closing(make(max_episode_steps=30)) as env:
        assert env.single_observation_space.shape == (2,)
        np.testing.assert_array_equal(env.single_action_space.low, [-5.0])
        observation, _ = env.reset()
        assert observation[0, 0] == pytest.approx(1.0, abs=0.1)
        moments, distances = [], []
        for step in range(30):
            push = np.clip(-8.0 * observation[:, :1] - 4.0 * observation[:, 1:], -5, 5)
            observation, reward, terminated, truncated, infos = env.step(push.astype(np.float32))
            assert reward[0] == pytest.approx(-infos["distance"][0])
            moments.append(env.unwrapped._robots._network.now())
            distances.append(infos["distance"][0])
            assert not terminated[0]
            assert truncated[0] == (step == 29)
        assert (
            moments[-1] - moments[0] > 0.95 * 29 / 20.0
        )  # never faster than the rate, however late some are
        assert distances[-1] < 0.5 * distances[0]  # it obeyed
        assert infos["_final_obs"][0]
        assert infos["final_obs"][0, 0] != observation[0, 0]
        assert observation[0, 0] == pytest.approx(1.0, abs=0.1)  # the next episode has begun


def test_spaces_are_known_of_a_robot_that_is_neither_reset_nor_commanded(start: Callable[..., Any]) -> None:
    start()
    with closing(open_vector_env(section())) as env:
        assert env.single_observation_space.shape == (2,)
        robots = env.unwrapped._robots  # type: ignore[attr-defined]
        position = robots._observers[0].observe()[0]
        assert position == 0.0  # a reset puts the cart to 1
        assert not robots._commanders[0].has_commanded
    assert not robots._commanders[0].has_commanded  # nor has the end published the safe action


def test_two_carts_in_two_namespaces_and_their_pictures(start: Callable[..., Any]) -> None:
    start("/cart_0")
    start("/cart_1")
    keys: dict[str, Any] = {
        "observations": ["/cart_{index}/joint_states.velocity"],
        "images": {"view": "/cart_{index}/camera/image_raw"},
        "actions": [
            {
                "field": "/cart_{index}/cmd_vel.linear.x",
                "type": "geometry_msgs/msg/Twist",
                "low": -5.0,
                "high": 5.0,
            }
        ],
        "reset_services": ["/cart_{index}/reset"],
        "task": f"{HERE / 'watch.py'}:Watch",
    }
    with closing(make(2, **keys)) as env:
        assert env.single_observation_space["view"].shape == (2, 3, 3)
        env.reset()
        for _ in range(10):
            observation, *_ = env.step(np.array([[5.0], [-5.0]], np.float32))
        assert observation["state"][0, 0] > 0.5
        assert observation["state"][1, 0] < -0.5
        np.testing.assert_array_equal(observation["view"][0, 0, 0], [2, 1, 0])
        np.testing.assert_array_equal(observation["view"][0, 1, 0], [12, 11, 10])


@pytest.mark.parametrize(
    ("trouble", "part"),
    [
        ("nan", "/joint_states.position.* is NaN at position 0"),
        ("short", "/joint_states.position.* needs 1 numbers, but the message has 0"),
    ],
)
def test_a_malformed_message_is_refused(
    trouble: str, part: str, start: Callable[..., Any], say: Callable[[str], None]
) -> None:
    start()
    with closing(make(reset_services=[])) as env:
        env.reset()
        say(trouble)
        with pytest.raises(MalformedReplyError, match=part):
            stand_still(env)


@pytest.mark.parametrize(("trouble", "part"), [("silent", "s old"), ("old", r"is 10\.\d+ s old")])
def test_a_robot_that_falls_silent_ends_its_episode_and_is_picked_up_again(
    trouble: str,
    part: str,
    start: Callable[..., Any],
    say: Callable[[str], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    start()
    with closing(make(max_restarts=1)) as env:
        env.reset()
        say(trouble)
        for _ in range(100):
            observation, _, _, truncated, infos = env.step(np.zeros((1, 1), np.float32))
            if truncated[0]:
                break
        assert infos["_final_obs"][0]
        assert observation[0, 0] == pytest.approx(1.0, abs=0.1)  # reset ended the trouble
        [record] = [record for record in caplog.records if "no fresh message" in record.message]
        assert (
            "/joint_states: no fresh message within 1 s (1 publishers, the newest message is"
            in record.message
        )
        say(trouble)
        with pytest.raises(SimulationError, match=part):
            stand_still(env)


def test_a_robot_that_dies_and_comes_back_is_picked_up(start: Callable[..., Any]) -> None:
    first = start()
    with closing(make(max_pause=60.0, timeout=10.0)) as env:
        env.reset()
        env.step(np.zeros((1, 1), np.float32))
        first.kill()
        first.communicate()
        start()
        ends = [env.step(np.zeros((1, 1), np.float32))[3][0] for _ in range(40)]
        assert sum(ends) <= 1  # it may be back in time
        assert not ends[-1]


@pytest.mark.parametrize(
    ("keys", "error", "part"),
    [
        ({"observations": ["/joint_statse.position"]}, WorkerError, "did you mean '/joint_states'"),
        ({"observations": ["/joint_states.postion"]}, ConfigError, "did you mean: position"),
        ({"reset_services": ["/rest"]}, WorkerError, "no service 'rest'"),
        ({"task": f"{HERE / 'stay.py'}:Go"}, ConfigError, "it has Stay"),
        (
            {"actions": [{**FIELDS["actions"][0], "field": "/cmd.linear.x"}]},
            WorkerError,
            "no subscriber of /cmd with type Twist",
        ),
        (
            {"actions": [{**FIELDS["actions"][0], "field": "/trouble.linear.x"}]},
            WorkerError,
            "it has subscribers of type std_msgs/msg/String",
        ),
        ({"images": {"view": "/joint_states"}}, ConfigError, "has messages of JointState"),
    ],
)
def test_what_does_not_fit_the_robot_is_named(
    keys: dict[str, Any], error: type[Exception], part: str, start: Callable[..., Any]
) -> None:
    start()
    with pytest.raises((ConfigError, error), match=part):
        make(startup_timeout=5.0, **keys)


@pytest.fixture
def commands(ros_network: RosNetwork) -> Iterator[list[float]]:
    """What the cart is told, as it comes."""
    import rclpy
    from geometry_msgs.msg import Twist
    from rclpy.context import Context
    from rclpy.executors import SingleThreadedExecutor

    context = Context()
    rclpy.init(context=context)
    node = rclpy.create_node("listener", context=context)
    received: list[float] = []
    node.create_subscription(Twist, "/cmd_vel", lambda message: received.append(message.linear.x), 10)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin)
    thread.start()
    yield received
    executor.shutdown()
    thread.join()
    node.destroy_node()
    rclpy.shutdown(context=context)


def wait_for_end(commands: list[float], expected: list[float]) -> None:
    deadline = time.monotonic() + 300
    while commands[-len(expected) :] != expected:
        assert time.monotonic() < deadline, commands
        time.sleep(0.05)


def test_at_the_end_the_safe_action_is_published(start: Callable[..., Any], commands: list[float]) -> None:
    start()
    with closing(make()) as env:
        env.reset()
        env.step(np.full((1, 1), 99.0, np.float32))
    wait_for_end(commands, [5.0, 0.0])  # within its limits, then safe


def test_a_pause_lets_the_robot_go_and_ends_its_episode(
    start: Callable[..., Any], commands: list[float]
) -> None:
    start()
    with closing(make(max_pause=1.0)) as env:
        env.reset()
        before = env.step(np.full((1, 1), 2.0, np.float32))[0]
        wait_for_end(commands, [2.0, 0.0])
        observation, rewards, _, truncated, infos = env.step(np.full((1, 1), 3.0, np.float32))
        assert truncated[0]
        assert rewards[0] == 0.0
        np.testing.assert_array_equal(infos["final_obs"], before)
        assert observation[0, 0] == pytest.approx(1.0, abs=0.1)  # the next episode has begun
        assert 3.0 not in commands
        assert not env.step(np.zeros((1, 1), np.float32))[3][0]
