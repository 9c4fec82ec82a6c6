"""The class that ROS packages for Unity create and start."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from rclpy.exceptions import InvalidHandle
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rl_nodes import parameters

from rl_pipeline.bridge.framing import DEFAULT_MAX_FRAME
from rl_pipeline.bridge.server import Limits, Server
from rl_pipeline.envs.ros.spinning import spin
from ros_tcp_endpoint.backend import RosBackend

ADDRESS, PORT = "127.0.0.1", 10000
LARGEST_PORT = 65535


class TcpServer(Node):
    """The node that clients connect to, with the constructor and the methods of Unity's class of this name.

    Args:
        node_name: Name of the node.
        buffer_size: Unity's; not used, since frames are read whole.
        connections: Unity's; not used.
        tcp_ip: Address to listen on, instead of the parameter `ROS_IP`.
        tcp_port: Port to listen on, instead of the parameter `ROS_TCP_PORT`.

    Attributes:
        tcp_ip: Address to listen on.
        tcp_port: Port to listen on; if 0 was given, a free one after `start`.

    Raises:
        ValueError: The port is out of range.
    """

    def __init__(
        self,
        node_name: str,
        buffer_size: int = 1024,
        connections: int = 10,
        tcp_ip: str | None = None,
        tcp_port: int | None = None,
    ) -> None:
        super().__init__(node_name)
        address = parameters.text(self, "ROS_IP", ADDRESS)
        port = parameters.integer(self, "ROS_TCP_PORT", PORT)
        self.tcp_ip, self.tcp_port = tcp_ip or address, tcp_port or port
        if not 0 <= self.tcp_port <= LARGEST_PORT:
            raise ValueError(f"the parameter ROS_TCP_PORT is {self.tcp_port}; it must be 0 to {LARGEST_PORT}")
        self._limits = Limits(
            max_frame=parameters.integer(self, "max_frame", DEFAULT_MAX_FRAME),
            queue_size=parameters.integer(self, "queue_size", 10),
            call_timeout=parameters.number(self, "call_timeout", 10.0),
            stall_timeout=parameters.number(self, "stall_timeout", 30.0),
            max_clients=parameters.integer(self, "max_clients", 64),
            max_registrations=parameters.integer(self, "max_registrations", 1000),
            topics=tuple(parameters.texts(self, "allowed_topics", ["*"])),
            addresses=tuple(parameters.texts(self, "allowed_addresses", ["*"])),
        )
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], object] = lambda: None

    def start(
        self, publishers: Mapping[str, object] | None = None, subscribers: Mapping[str, object] | None = None
    ) -> None:
        """Listen for clients, in another thread.

        Args:
            publishers: Argument of Unity's class; must be empty, since clients register their topics.
            subscribers: Argument of Unity's class; must be empty.

        Raises:
            OSError: The address or port is not available.
            ValueError: There are publishers or subscribers, or the address is malformed.
        """
        if publishers or subscribers:
            raise ValueError(
                "start() takes no publishers and subscribers here: the Unity program registers them"
            )
        started: Future[int] = Future()
        serve = self._serve(started)
        self._thread = threading.Thread(target=asyncio.run, args=(serve,), name="ros_tcp", daemon=True)
        self._thread.start()
        self.tcp_port = started.result()
        self.get_logger().info(f"Unity programs may connect to {self.tcp_ip}:{self.tcp_port}{self._reach()}")

    def setup_executor(self) -> None:
        """Serve until ROS is shut down.

        Raises:
            KeyboardInterrupt: SIGINT came, and Python handles it.
        """
        executor = SingleThreadedExecutor(context=self.context)
        executor.add_node(self)
        try:
            while self.context.ok():
                with contextlib.suppress(
                    InvalidHandle
                ):  # a client disconnected during a call, and its service with it
                    spin(executor)
        finally:
            executor.shutdown()

    def destroy_nodes(self) -> None:
        """Close all connections and end the node."""
        self._stop()
        if self._thread is not None:
            self._thread.join()
        self.destroy_node()

    async def _serve(self, started: "Future[int]") -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        backend = RosBackend(self, loop)
        backend.server = Server(backend, self._limits)
        try:
            port = await backend.server.start(self.tcp_ip, self.tcp_port)
        except (OSError, ValueError) as error:
            started.set_exception(error)
            return
        self._stop = lambda: loop.call_soon_threadsafe(stop.set)
        started.set_result(port)
        await stop.wait()
        await backend.server.stop()
        self._stop = lambda: None

    def _reach(self) -> str:
        """Describe the default if it differs from Unity's."""
        if self.tcp_ip != ADDRESS:
            return ""
        return ", from this machine only; others need -p ROS_IP:=0.0.0.0, the default of Unity's endpoint"
