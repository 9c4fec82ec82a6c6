"""The node `default_server_endpoint`, which connects Unity programs to the ROS network."""

import contextlib

import rclpy
from rclpy.signals import SignalHandlerOptions
from rl_nodes.start import start_node, start_ros

from rl_pipeline.commands.exit_status import exit_status
from rl_pipeline.errors import RefusedError
from ros_tcp_endpoint.memory import keep_freed_blocks
from ros_tcp_endpoint.server import TcpServer


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM.

    Returns:
        0, or 2 if the command line is refused or the node cannot listen on the address.
    """
    keep_freed_blocks()
    return exit_status("default_server_endpoint", lambda: _serve(arguments))


def _serve(arguments: list[str] | None) -> None:
    start_ros(arguments, SignalHandlerOptions.ALL)
    tcp_server = start_node(lambda: TcpServer("UnityEndpoint"))
    try:
        _start(tcp_server)
        with contextlib.suppress(KeyboardInterrupt):
            tcp_server.setup_executor()
    finally:
        tcp_server.destroy_nodes()
        rclpy.try_shutdown()


def _start(tcp_server: TcpServer) -> None:
    try:
        tcp_server.start()
    except OSError as error:
        host, port = tcp_server.tcp_ip, tcp_server.tcp_port
        raise RefusedError(
            f"cannot listen on {host}:{port} ({error.strerror}). End the other program, or choose another port: "
            f"--ros-args -p ROS_TCP_PORT:={port + 1}; ROS_IP must be an address of this machine"
        ) from error
