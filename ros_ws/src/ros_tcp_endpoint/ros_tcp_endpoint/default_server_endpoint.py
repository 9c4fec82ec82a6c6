"""The node `default_server_endpoint`: Unity programs connect to it and are then on the ROS network."""

import asyncio
import contextlib
import signal
import threading

import rclpy
from rclpy.exceptions import InvalidHandle
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from rl_pipeline.bridge.framing import DEFAULT_MAX_FRAME
from rl_pipeline.bridge.server import Limits, Server
from ros_tcp_endpoint.backend import RosBackend
from ros_tcp_endpoint.memory import keep_freed_blocks

PORT_TAKEN = 2


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM.

    Returns:
        0, or `PORT_TAKEN` where the address cannot be listened on.
    """
    keep_freed_blocks()
    context = rclpy.Context()
    rclpy.init(args=arguments, context=context, signal_handler_options=SignalHandlerOptions.NO)
    node = Node("UnityEndpoint", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    spinning = threading.Thread(target=_spin, args=(executor,), name="ros")
    spinning.start()
    try:
        return asyncio.run(_serve(node))
    finally:
        executor.shutdown()
        spinning.join()
        node.destroy_node()
        context.try_shutdown()


def _spin(executor: SingleThreadedExecutor) -> None:
    with contextlib.suppress(ExternalShutdownException):
        while True:
            with contextlib.suppress(InvalidHandle):  # a client left in mid-call, and its service with it
                executor.spin()
                return


async def _serve(node: Node) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    backend = RosBackend(node, loop)
    backend.server = Server(backend, _limits(node))
    host = node.declare_parameter("ROS_IP", "127.0.0.1").value
    wanted = node.declare_parameter("ROS_TCP_PORT", 10000).value
    try:
        port = await backend.server.start(host, wanted)
    except OSError as error:
        node.get_logger().fatal(
            f"cannot listen on {host}:{wanted} ({error.strerror}). End the program that does, or take another port: "
            f"--ros-args -p ROS_TCP_PORT:={wanted + 1}; ROS_IP must be an address of this machine"
        )
        return PORT_TAKEN
    node.get_logger().info(f"Unity programs may connect to {host}:{port}")
    await stop.wait()
    await backend.server.stop()
    return 0


def _limits(node: Node) -> Limits:
    """Read what clients may do from the node's parameters."""
    return Limits(
        max_frame=node.declare_parameter("max_frame", DEFAULT_MAX_FRAME).value,
        queue_size=node.declare_parameter("queue_size", 10).value,
        call_timeout=node.declare_parameter("call_timeout", 10.0).value,
        stall_timeout=node.declare_parameter("stall_timeout", 30.0).value,
        max_clients=node.declare_parameter("max_clients", 64).value,
        max_registrations=node.declare_parameter("max_registrations", 1000).value,
        topics=tuple(node.declare_parameter("allowed_topics", ["*"]).value),
        addresses=tuple(node.declare_parameter("allowed_addresses", ["*"]).value),
    )
