"""The process of a node whose main thread works while its callbacks run in others."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import rclpy
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from rl_nodes.rosout import logged_to_rosout
from rl_nodes.start import start_node, start_ros
from rl_pipeline.commands.exit_status import exit_status, log_to_terminal
from rl_pipeline.envs.ros.spinning import SpinningThread
from rl_pipeline.run.trust import trusting_code

THREADS = 4
"""One for a goal that is carried out, one that refuses others or cancels it, and some for services."""


class RunNode(Node):
    """A node that works with a run.

    Parameter: `trust_code`, execute the code and programs of a downloaded run, as `--trust-code` does.
    """

    def __init__(self, name: str) -> None:
        """Declare the parameter."""
        super().__init__(name)
        self.trust_code = bool(self.declare_parameter("trust_code", False).value)


NodeT = TypeVar("NodeT", bound=RunNode)


def run(
    make_node: Callable[[], NodeT], work: Callable[[NodeT], int | None], arguments: list[str] | None
) -> None:
    """Make a node, work, and end the process with the exit status that the command line would have.

    Args:
        make_node: Makes the node; a ValueError is a refused parameter.
        work: What the main thread does, signals included.
        arguments: The command line; that of this process by default.
    """
    log_to_terminal()

    def serve() -> int | None:
        with spinning(make_node, arguments) as node, logged_to_rosout(node), trusting_code(node.trust_code):
            return work(node)

    sys.exit(exit_status(make_node.__name__, serve))


@contextmanager
def spinning(make_node: Callable[[], NodeT], arguments: list[str] | None) -> Iterator[NodeT]:
    """Run a node's callbacks in other threads inside the `with` block.

    Raises:
        RefusedError: ROS refuses the command line, or the node a parameter.
    """
    start_ros(arguments, SignalHandlerOptions.NO)
    try:
        yield from _spin(make_node)
    finally:
        rclpy.try_shutdown()


def _spin(make_node: Callable[[], NodeT]) -> Iterator[NodeT]:
    node = start_node(make_node)
    executor = MultiThreadedExecutor(THREADS)
    executor.add_node(node)
    thread = SpinningThread(executor)
    try:
        yield node
    finally:
        thread.close()
        node.destroy_node()
