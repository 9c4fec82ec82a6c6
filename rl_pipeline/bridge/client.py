"""The client end of ROS-TCP, which behaves on the wire like a program made with Unity, including NULs."""

import socket
from collections import deque
from types import TracebackType

from rl_pipeline.bridge.commands import encode_call, encode_command
from rl_pipeline.bridge.framing import KEEP_ALIVE, Frame, FrameDecoder, encode

FIRST_CALL = 101


class Client:
    """A blocking connection to a server.

    Args:
        host: Address of the server, IPv4 or IPv6.
        port: Its port.
        nul: Whether topics and JSON end with a NUL, as in Unity's ROS 2 mode.
        timeout: Time limit in seconds for connecting and for every wait; None for no limit.

    Raises:
        OSError: No server answers at this address.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 10000, *, nul: bool = True, timeout: float | None = 5.0
    ) -> None:
        self._socket = socket.create_connection((host, port), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._decoder = FrameDecoder()
        self._frames: deque[Frame] = deque()
        self._nul = nul
        self._next_call = FIRST_CALL
        self._socket.sendall(KEEP_ALIVE)

    def __enter__(self) -> "Client":
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    @property
    def port(self) -> int:
        """Port of the server."""
        return int(self._socket.getpeername()[1])

    def send_raw(self, data: bytes) -> None:
        """Send bytes unchanged."""
        self._socket.sendall(data)

    def command(self, name: str, /, **arguments: object) -> None:
        """Send a command, for example `command("__subscribe", topic="/a", message_name="std_msgs/String")`."""
        self.send_raw(encode_command(name, arguments, nul=self._nul))

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a message: CDR with its header."""
        self.send_raw(encode(topic, payload, nul=self._nul))

    def request(self, service: str, payload: bytes) -> int:
        """Send a request and return its number, which the response repeats."""
        number, self._next_call = self._next_call, self._next_call + 1
        self.send_raw(encode_call("__request", number, service, payload, nul=self._nul))
        return number

    def respond(self, number: int, service: str, payload: bytes) -> None:
        """Answer the request of a number."""
        self.send_raw(encode_call("__response", number, service, payload, nul=self._nul))

    def receive(self) -> Frame:
        """Wait for the next frame.

        Raises:
            TimeoutError: No frame arrived in time.
            ConnectionError: The server closed the connection.
        """
        while not self._frames:
            size = self._socket.recv_into(self._decoder.room())
            if not size:
                raise ConnectionError("the server closed the connection")
            self._frames += self._decoder.received(size)
        return self._frames.popleft()
