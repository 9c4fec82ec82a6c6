import asyncio
import contextlib
import json
import random
import threading
from collections.abc import Iterator

import pytest

from rl_pipeline.bridge.client import Client
from rl_pipeline.bridge.commands import encode_command
from rl_pipeline.bridge.connection import CallError
from rl_pipeline.bridge.framing import encode
from rl_pipeline.bridge.server import BackendError, Limits, Server

from .mutations import frames_of_every_kind, mutated

TEXT = bytes.fromhex("0001000003000000686900")
MUTATED_FRAMES = 3_000


class Loopback:
    """Gives published messages back to subscribers, and requests back as responses."""

    def __init__(self) -> None:
        self.server: Server
        self.log: list[tuple[str, ...]] = []

    def register(self, kind: str, name: str, type_name: str, queue_size: int, latch: bool) -> None:
        if not type_name.startswith("std_msgs/"):
            raise BackendError(f"no type {type_name!r}")
        self.log.append(("register", kind, name))

    def remove(self, kind: str, name: str) -> None:
        self.log.append(("remove", kind, name))

    def publish(self, topic: str, payload: bytes) -> None:
        self.server.deliver(topic, payload)

    async def call(self, service: str, request: bytes) -> bytes:
        if service == "/absent":
            raise BackendError("nobody offers it")
        if service == "/stalls":
            await asyncio.sleep(60)
        return request

    def topics(self) -> list[tuple[str, str]]:
        return [("/a", "std_msgs/String")]


class Running:
    def __init__(self, host: str = "127.0.0.1", limits: Limits | None = None) -> None:
        self.backend = Loopback()
        self.server = self.backend.server = Server(self.backend, limits or Limits(call_timeout=0.3))
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.host = host
        self.port = asyncio.run_coroutine_threadsafe(self.server.start(host, 0), self.loop).result(5)

    def client(self, *, nul: bool = True) -> Client:
        client = Client(self.host, self.port, nul=nul)
        assert client.receive().topic == "__handshake"
        return client

    def call(self, service: str) -> bytes:
        return asyncio.run_coroutine_threadsafe(self.server.call(service, TEXT), self.loop).result(5)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self.loop).result(5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    yield running
    running.stop()


def echo(client: Client, topic: str = "/a") -> bytes:
    client.command("__subscribe", topic=topic, message_name="std_msgs/String")
    client.command("__publish", topic=topic, message_name="std_msgs/String", queue_size=10, latch=False)
    client.publish(topic, TEXT)
    frame = client.receive()
    assert frame.topic == topic
    return frame.payload


@pytest.mark.parametrize("nul", [False, True])
def test_topics_reach_subscribers_in_both_nul_conventions(running: Running, nul: bool) -> None:
    with running.client(nul=nul) as client:
        assert echo(client) == TEXT


def test_topic_list(running: Running) -> None:
    with running.client() as client:
        client.command("__topic_list")
        assert json.loads(client.receive().payload) == {"topics": ["/a"], "types": ["std_msgs/String"]}


def test_responses_carry_the_number_of_their_request_for_each_client(running: Running) -> None:
    with running.client() as first, running.client() as second:
        for client in (first, second):
            client.command("__ros_service", topic="/s", message_name="std_msgs/Echo")
        numbers = [first.request("/s", TEXT + b"1"), second.request("/s", TEXT + b"2")]
        for client, number, mark in zip((first, second), numbers, (b"1", b"2"), strict=True):
            assert json.loads(client.receive().payload) == {"srv_id": number}
            assert client.receive().payload == TEXT + mark


@pytest.mark.parametrize("service", ["/absent", "/stalls", "/unregistered"])
def test_a_call_that_fails_is_an_error_at_the_client(running: Running, service: str) -> None:
    with running.client() as client:
        if service != "/unregistered":
            client.command("__ros_service", topic=service, message_name="std_msgs/Echo")
        number = client.request(service, TEXT)
        frame = client.receive()
        assert frame.topic == "__error"
        assert service in json.loads(frame.payload)["text"]
        assert json.loads(client.receive().payload) == {"srv_id": number}
        assert client.receive().payload == b""
        assert echo(client) == TEXT


def test_a_request_without_its_body_takes_no_other_frame_for_it(running: Running) -> None:
    with running.client() as client:
        assert echo(client) == TEXT
        client.command("__request", srv_id=7)
        client.publish("/a", TEXT)
        assert "without its body" in json.loads(client.receive().payload)["text"]
        assert [client.receive().topic for _ in range(3)] == ["__response", "/a", "/a"]


def test_a_response_without_its_body_fails_its_call_alone(running: Running) -> None:
    with running.client() as client:
        offer(running, client)

        def serve() -> None:
            number = json.loads(client.receive().payload)["srv_id"]
            client.receive()
            client.command("__response", srv_id=number)
            client.publish("/a", TEXT)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(CallError, match="without its body"):
            running.call("/u")
        thread.join(5)
        assert client.receive().payload == TEXT


def offer(running: Running, client: Client) -> None:
    client.command("__unity_service", topic="/u", message_name="std_msgs/Echo")
    assert echo(client) == TEXT


def test_services_of_a_client_can_be_called(running: Running) -> None:
    with running.client() as client:
        offer(running, client)

        def serve() -> None:
            number = json.loads(client.receive().payload)["srv_id"]
            client.respond(number, "/u", client.receive().payload + b"!")

        thread = threading.Thread(target=serve)
        thread.start()
        assert running.call("/u") == TEXT + b"!"
        thread.join(5)


def test_a_client_that_stalls_or_vanishes_in_a_call_is_an_error(running: Running) -> None:
    with pytest.raises(CallError, match="no client offers"):
        running.call("/u")
    client = running.client()
    offer(running, client)
    with pytest.raises(CallError, match="within"):
        running.call("/u")
    client.receive()
    threading.Thread(target=lambda: (client.receive(), client.close())).start()
    with pytest.raises(CallError):
        running.call("/u")


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("subscribe", "subscriber"),
        ("publish", "publisher"),
        ("ros_service", "ros_service"),
        ("unity_service", "unity_service"),
    ],
)
def test_the_last_client_that_removes_a_registration_removes_it_from_ros(
    running: Running, command: str, kind: str
) -> None:
    with running.client() as first, running.client() as second:
        for client in (first, second):
            client.command(f"__{command}", topic="/x", message_name="std_msgs/String")
            echo(client, f"/done{id(client)}")
        first.command(f"__remove_{kind}", topic="/x")
        echo(first, "/still")
        assert ("remove", kind, "/x") not in running.backend.log
        second.command(f"__remove_{kind}", topic="/x")
        echo(second, "/gone")
        assert running.backend.log.count(("register", kind, "/x")) == 1
        assert running.backend.log.count(("remove", kind, "/x")) == 1


@pytest.mark.parametrize(
    "data",
    [
        encode("__nonsense", b"{}"),
        encode("__subscribe", b"{not json"),
        encode("__subscribe", b'"\xff"'),
        encode("__subscribe", b"[]"),
        encode("__subscribe", b"[" * 100_000),
        encode("__subscribe", b'{"topic": "/t", "message_name": 3}'),
        encode("__subscribe", b'{"topic": "/t", "message_name": "no/Such"}'),
        encode("__request", b'{"srv_id": "1"}'),
        encode("/nobody", TEXT),
    ],
)
def test_bad_frames_get_an_error_and_end_nothing(running: Running, data: bytes) -> None:
    with running.client() as client:
        client.send_raw(data)
        assert client.receive().topic == "__error"
        assert echo(client) == TEXT


def test_a_stream_that_cannot_be_read_ends_alone(running: Running) -> None:
    with running.client() as good, running.client() as bad:
        bad.send_raw(b"\xff" * 100)
        assert bad.receive().topic == "__error"
        with pytest.raises(ConnectionError):
            bad.receive()
        assert echo(good) == TEXT


@pytest.mark.parametrize("half", [b"\x05\0", encode("/a", TEXT)[:-1]])
def test_a_client_that_stalls_within_a_frame_is_ended_and_one_between_frames_is_not(half: bytes) -> None:
    running = Running(limits=Limits(stall_timeout=0.3))
    try:
        with running.client() as silent, running.client() as stalled:
            stalled.send_raw(half)
            with pytest.raises(ConnectionError):
                stalled.receive()
            assert echo(silent) == TEXT
    finally:
        running.stop()


def test_a_client_that_sends_a_frame_byte_by_byte_is_ended() -> None:
    running = Running(limits=Limits(stall_timeout=0.3))
    try:
        with running.client() as silent, running.client() as slow:
            gone = threading.Event()

            def drip() -> None:
                slow.send_raw(encode("/a", bytes(10_000))[:20])
                with contextlib.suppress(OSError):
                    while not gone.wait(0.02):
                        slow.send_raw(b"\0")

            thread = threading.Thread(target=drip)
            thread.start()
            try:
                with pytest.raises(ConnectionError):
                    slow.receive()
            finally:
                gone.set()
                thread.join()
            assert echo(silent) == TEXT
    finally:
        running.stop()


def test_a_ping_may_have_any_arguments(running: Running) -> None:
    arguments = {"name": 1, "nul": True, "self": 2, "arguments": None, "payload": "x"}
    with running.client() as client:
        client.send_raw(encode_command("__ping", arguments))
        frame = client.receive()
        assert (frame.topic, json.loads(frame.payload)) == ("__ping_response", arguments)


def test_clients_and_their_registrations_are_limited() -> None:
    running = Running(limits=Limits(max_clients=2, max_registrations=3))
    try:
        with running.client() as first, running.client():
            third = Client(running.host, running.port)
            assert "2 clients are connected" in json.loads(third.receive().payload)["text"]
            with pytest.raises(ConnectionError):
                third.receive()
            for topic in ("/a", "/b", "/c", "/d", "/c"):
                first.command("__subscribe", topic=topic, message_name="std_msgs/String")
            text = json.loads(first.receive().payload)["text"]
            assert (
                "3 topics and services are registered; the server accepts no more (max_registrations)" in text
            )
            first.command("__remove_subscriber", topic="/b")
            assert echo(first) == TEXT
        assert ("register", "subscriber", "/d") not in running.backend.log
    finally:
        running.stop()


def test_mutated_frames_do_not_reach_other_clients(running: Running) -> None:
    chance = random.Random(7)
    kinds = frames_of_every_kind()
    with running.client() as good:
        assert echo(good) == TEXT
        bad = running.client()
        for _ in range(MUTATED_FRAMES):
            try:
                bad.send_raw(mutated(chance.choice(kinds), chance))
            except OSError:
                bad.close()
                bad = running.client()
        bad.close()
        good.publish("/a", TEXT)
        assert good.receive().payload == TEXT


def test_a_client_that_does_not_read_costs_old_messages_and_no_memory(running: Running) -> None:
    with running.client() as slow, running.client() as client:
        assert echo(slow, "/big") == TEXT
        client.command("__publish", topic="/big", message_name="std_msgs/String")
        for _ in range(60):
            client.publish("/big", bytes(2**20))
        assert echo(client) == TEXT
        assert running.server.dropped > 0


def test_ipv6() -> None:
    running = Running("::1")
    with running.client() as client:
        assert echo(client) == TEXT
    running.stop()


def test_topics_and_addresses_can_be_limited() -> None:
    running = Running(limits=Limits(topics=("/a",)))
    with running.client() as client:
        client.command("__subscribe", topic="/b", message_name="std_msgs/String")
        assert "allowed" in json.loads(client.receive().payload)["text"]
        assert echo(client) == TEXT
    running.stop()
    running = Running(limits=Limits(addresses=("10.*",)))
    with Client(running.host, running.port) as client, pytest.raises(ConnectionError):
        client.receive()
    running.stop()
