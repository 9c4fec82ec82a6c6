import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from rl_pipeline.bridge.client import Client
from rl_pipeline.bridge.framing import Frame
from tests.ros_network import RosNetwork

TEXT = bytes.fromhex("0001000003000000686900")
DEADLINE = 30.0


@pytest.fixture
def client(ros_network: RosNetwork) -> Iterator[Client]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ("-p", f"ROS_TCP_PORT:={port}", "-p", "call_timeout:=3.0")
    with ros_network.node("ros_tcp_endpoint", "default_server_endpoint", *arguments), connect(port) as client:
        assert client.receive().topic == "__handshake"
        yield client


def connect(port: int) -> Client:
    end = time.monotonic() + DEADLINE
    while True:
        try:
            return Client(port=port, timeout=DEADLINE)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def echo(client: Client, type_name: str, payload: bytes) -> Frame:
    """Publish again and again, since ROS takes a while to connect the two ends, and return what comes back."""
    client.command("__publish", topic="/echo", message_name=type_name, queue_size=10, latch=True)
    client.command("__subscribe", topic="/echo", message_name=type_name)
    done = threading.Event()

    def publish() -> None:
        while not done.wait(0.2):
            client.publish("/echo", payload)

    publishing = threading.Thread(target=publish)
    publishing.start()
    try:
        return client.receive()
    finally:
        done.set()
        publishing.join()


def call(client: Client, service: str, request: bytes) -> tuple[int, Frame]:
    """Call until the service is found; return the number of the call and the first frame that is no error."""
    while True:
        number = client.request(service, request)
        frame = client.receive()
        if frame.topic != "__error":
            return number, frame
        assert "no node offers" in json.loads(frame.payload)["text"]
        assert [client.receive().topic, client.receive().payload] == ["__response", b""]


@pytest.mark.parametrize(("type_name", "payload"), [("std_msgs/String", TEXT), ("std_msgs/Empty", TEXT[:4])])
def test_messages_pass_through_ros(client: Client, type_name: str, payload: bytes) -> None:
    frame = echo(client, type_name, payload)
    assert frame.topic == "/echo"
    assert frame.payload.startswith(payload)


def test_a_service_offered_by_the_client_can_be_called_by_it_through_ros(client: Client) -> None:
    for command in ("__unity_service", "__ros_service"):
        client.command(command, topic="/u", message_name="std_srvs/SetBool")
    number, header = call(client, "/u", TEXT[:4] + b"\1")
    asked = json.loads(header.payload)["srv_id"]
    assert client.receive().payload[4] == 1
    client.respond(asked, "/u", TEXT[:4] + bytes.fromhex("01000000030000006f6b00"))
    assert json.loads(client.receive().payload) == {"srv_id": number}
    assert b"ok" in client.receive().payload


def test_a_client_that_leaves_in_mid_call_ends_neither_the_endpoint_nor_its_caller(client: Client) -> None:
    other = connect(client.port)
    assert other.receive().topic == "__handshake"
    other.command("__unity_service", topic="/u", message_name="std_srvs/SetBool")
    client.command("__ros_service", topic="/u", message_name="std_srvs/SetBool")

    def leave() -> None:
        while other.receive().topic != "/u":
            pass
        other.close()

    leaving = threading.Thread(target=leave)
    leaving.start()
    while leaving.is_alive():
        client.request("/u", TEXT[:4] + b"\1")
        assert [client.receive().topic for _ in range(3)] == ["__error", "__response", "/u"]
    leaving.join()
    assert echo(client, "std_msgs/String", TEXT).topic == "/echo"


def test_an_unknown_type_is_an_error_and_ends_nothing(client: Client) -> None:
    client.command("__subscribe", topic="/x", message_name="no_such/Type")
    assert client.receive().topic == "__error"
    assert echo(client, "std_msgs/String", TEXT).topic == "/echo"
