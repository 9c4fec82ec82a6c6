"""Start of ROS and a node, with clear errors for the command line."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import rclpy
from rclpy._rclpy_pybind11 import RCLError, RCLInvalidROSArgsError
from rclpy.exceptions import ParameterException
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from rl_pipeline.config.errors import nearest
from rl_pipeline.envs.ros.spinning import SpinningThread
from rl_pipeline.errors import RefusedError
from rl_pipeline.ros_namespace import with_absolute_namespaces

NodeT = TypeVar("NodeT", bound=Node)

THREADS = 4
"""Number of threads: one for a running goal, one that refuses others or cancels it, and some for services."""
OF_ROS = "qos_overrides."
"""Prefix of parameters that publishers and subscriptions declare later."""


def start_ros(arguments: list[str] | None, signals: SignalHandlerOptions) -> None:
    """Start ROS.

    Args:
        arguments: The command line; by default, that of this process.
        signals: The signals that ROS handles.

    Raises:
        RefusedError: ROS refuses the command line.
    """
    try:
        rclpy.init(
            args=with_absolute_namespaces(sys.argv if arguments is None else arguments),
            signal_handler_options=signals,
        )
    except (RCLError, RCLInvalidROSArgsError) as error:
        raise RefusedError(f"{error}; write parameters as --ros-args -p name:=value") from error


def start_node(make_node: Callable[[], NodeT]) -> NodeT:
    """Make a node, and warn of unknown parameters.

    Raises:
        RefusedError: The value of a parameter is not valid, or ROS refuses the node's name.
    """
    try:
        node = make_node()
    except (ValueError, ParameterException, RCLError) as error:
        raise RefusedError(str(error)) from error
    for name in unknown_parameters(node):
        close = nearest(name, node._parameters)
        hint = f"; did you mean '{close}'?" if close else ""
        node.get_logger().warning(f"unknown parameter '{name}'; its value is ignored{hint}")
    return node


@contextmanager
def spinning(make_node: Callable[[], NodeT], arguments: list[str] | None) -> Iterator[NodeT]:
    """Run a node's callbacks in other threads inside the `with` block.

    Raises:
        RefusedError: ROS refuses the command line, or the node refuses a parameter.
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


def unknown_parameters(node: Node) -> list[str]:
    """List parameters of the command line or a file that the node has not declared.

    This is only a warning, because a file may set parameters of several nodes at once.
    """
    return [
        name
        for name in node._parameter_overrides
        if not node.has_parameter(name) and not name.startswith(OF_ROS)
    ]
