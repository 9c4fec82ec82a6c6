"""Our end of the connection to one Unity process: a gRPC server with a single call that Unity repeats."""

import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from rl_pipeline.envs.unity.errors import MessageError
from rl_pipeline.envs.unity.messages import METHOD, SERVICE, message_class
from rl_pipeline.envs.unity_process import UnityProcessError

STATUS_OK, STATUS_LEAVE = 200, 400
POLL_S = 0.2
MAX_MESSAGE = 512 * 2**20
LIMITS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", MAX_MESSAGE)]
"""gRPC refuses messages above 4 MB by default, which a few cameras exceed."""
MAX_CALLS = 2
"""Calls that wait for a reply; a Unity program makes one at a time."""


class UnityLink:
    """Receives Unity's messages and sends our replies; Unity waits for each reply.

    Args:
        port: port of the loopback interface; 0 takes a free one.

    Attributes:
        port: the port that Unity must connect to.

    Raises:
        OSError: the port is in use.
    """

    def __init__(self, port: int = 0) -> None:
        self._message = message_class("UnityMessageProto")
        self._received: queue.Queue[bytes] = queue.Queue()
        self._replies: queue.Queue[Any] = queue.Queue()
        self._server = grpc.server(
            ThreadPoolExecutor(max_workers=MAX_CALLS),
            options=[*LIMITS, ("grpc.so_reuseport", 0)],
            maximum_concurrent_rpcs=MAX_CALLS,
        )
        # The bytes are parsed by the waiting caller: gRPC would not report that it cannot parse them.
        handler = grpc.unary_unary_rpc_method_handler(self._exchange, None, self._message.SerializeToString)
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),)
        )
        try:
            self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        except RuntimeError as error:
            raise OSError(f"port {port} is in use by another program: {error}") from error
        self._server.start()

    def _exchange(self, request: bytes, context: grpc.ServicerContext) -> Any:
        self._received.put(request)
        return self._replies.get()

    def receive(self, timeout: float, alive: Callable[[], bool]) -> Any:
        """Wait for the next message of Unity, a UnityMessageProto.

        Args:
            timeout: seconds to wait.
            alive: returns whether the process can still answer.

        Raises:
            UnityProcessError: Unity disconnected, died or did not answer.
            MessageError: Unity sent something else.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                data = self._received.get(timeout=POLL_S)
                break
            except queue.Empty:
                if not alive():
                    raise UnityProcessError("the build died") from None
                if time.monotonic() > deadline:
                    raise UnityProcessError(f"the build did not answer in {timeout} s") from None
        try:
            request = self._message.FromString(data)
        except DecodeError as error:
            raise MessageError(f"{len(data)} bytes are not a message of ML-Agents: {error}") from error
        if request.header.status != STATUS_OK:
            raise UnityProcessError(f"the build disconnected with status {request.header.status}")
        return request

    def reply(self, unity_input: object = None) -> None:
        """Answer the message that was received last; None tells Unity to quit."""
        message = self._message(unity_input=unity_input)
        message.header.status = STATUS_LEAVE if unity_input is None else STATUS_OK
        self._replies.put(message)

    def close(self) -> None:
        """Tell Unity to quit and stop listening."""
        self.reply(None)
        self._server.stop(grace=1.0).wait()
