"""Round trip of a message through ROS; `python -m rl_pipeline.envs.ros.round_trip` prints the result as JSON."""

import json
import os
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import String

TIMEOUT = 20.0


@contextmanager
def participant(name: str) -> Iterator[tuple[Node, SingleThreadedExecutor]]:
    """Join the ROS network with a node in a separate context."""
    context = Context()
    rclpy.init(context=context)
    node = Node(name, context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        yield node, executor
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)


def round_trip(timeout: float = TIMEOUT) -> float:
    """Send a message to another participant, which returns it.

    Args:
        timeout: Seconds to wait, including discovery.

    Returns:
        Seconds from sending to receiving.

    Raises:
        TimeoutError: The message did not return in time.
    """
    topic = f"rl_pipeline_{uuid.uuid4().hex}"
    with participant("here") as (here, here_executor), participant("there") as (there, there_executor):
        received: list[float] = []
        here.create_subscription(String, f"{topic}_back", lambda _: received.append(time.monotonic()), 1)
        back = there.create_publisher(String, f"{topic}_back", 1)
        there.create_subscription(String, topic, back.publish, 1)
        publisher = here.create_publisher(String, topic, 1)
        deadline = time.monotonic() + timeout
        while not (publisher.get_subscription_count() and back.get_subscription_count()):
            _check(deadline, "the two ends did not discover each other")
            time.sleep(0.01)
        start = time.monotonic()
        publisher.publish(String(data="there and back"))
        while not received:
            _check(deadline, "the message was lost")
            there_executor.spin_once(timeout_sec=0.01)
            here_executor.spin_once(timeout_sec=0.01)
        return received[0] - start


def _check(deadline: float, what: str) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError(what)


def main() -> int:
    """Print the distribution, the middleware and the time of a round trip."""
    from rclpy.utilities import get_rmw_implementation_identifier

    try:
        seconds = round_trip()
    except TimeoutError as error:
        print(error, file=sys.stderr)
        return 1
    report = {
        "distro": os.environ.get("ROS_DISTRO", "unknown"),
        "rmw": get_rmw_implementation_identifier(),
        "discovery": os.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET"),
        "milliseconds": 1000 * seconds,
    }
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
