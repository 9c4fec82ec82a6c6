"""A C# program with the transport of the Unity package, served by the Python end of ROS-TCP over real sockets."""

import asyncio
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rl_pipeline.bridge.cdr import CdrReader, CdrWriter
from rl_pipeline.bridge.connection import CallError
from rl_pipeline.bridge.server import Limits, Server
from rl_pipeline.envs.remote.space_json import from_json
from tests.unity_build.mono import PROTOCOL, SOURCES, compile_csharp, needs_mono

pytestmark = needs_mono
WAIT = 60.0


class Services:
    """Notes which services are offered."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def register(self, kind: str, name: str, type_name: str, queue_size: int, latch: bool) -> None:
        assert (kind, type_name) == ("unity_service", f"rl_interfaces/{name.rsplit('/')[-1].title()}")
        self.names.add(name)

    def remove(self, kind: str, name: str) -> None:
        self.names.discard(name)

    def publish(self, topic: str, payload: bytes) -> None:
        raise AssertionError(topic)

    async def call(self, service: str, request: bytes) -> bytes:
        raise AssertionError(service)

    def topics(self) -> list[tuple[str, str]]:
        return []


class Endpoint:
    """A server in a thread, and what its clients offer."""

    def __init__(self, port: int = 0) -> None:
        self.services = Services()
        self.server = Server(self.services, Limits(call_timeout=WAIT))
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self.server.start(port=port), self.loop).result(WAIT)

    def wait(self, count: int) -> None:
        end = time.monotonic() + WAIT
        while len(self.services.names) != count:
            assert time.monotonic() < end, self.services.names
            time.sleep(0.02)

    def call(self, service: str, request: CdrWriter) -> CdrReader:
        call = self.server.call(service, request.message())
        return CdrReader(asyncio.run_coroutine_threadsafe(call, self.loop).result(WAIT))

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self.loop).result(WAIT)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class Session:
    """The calls of a client."""

    def __init__(self, endpoint: Endpoint, prefix: str = "/unity", client: str = "test") -> None:
        self.endpoint, self.prefix, self.client, self.session = endpoint, prefix, client, ""

    def open(self, num_envs: int = 0, render_mode: str = "") -> dict[str, Any]:
        request = CdrWriter().string(self.client).primitive("I", num_envs).string(render_mode)
        answer = self.endpoint.call(f"{self.prefix}/open", request)
        names = ("error", "session", "id", "num_envs", "observation_space", "action_space")
        fields = {n: answer.primitive("I") if n == "num_envs" else answer.string() for n in names}
        self.session = fields["session"]
        return fields

    def reset(self, sequence: int, seeds: list[int], mask: list[int]) -> dict[str, Any]:
        request = CdrWriter().string(self.session).primitive("Q", sequence)
        request.array(np.array(seeds, np.int64)).array(np.array(mask, np.uint8))
        return fields(self.endpoint.call(f"{self.prefix}/reset", request), [])

    def step(self, sequence: int, actions: list[float]) -> dict[str, Any]:
        request = CdrWriter().string(self.session).primitive("Q", sequence).array(np.array(actions))
        made = [
            ("rewards", "f8"),
            ("terminated", "u1"),
            ("truncated", "u1"),
            ("final", "f8"),
            ("final_images", "u1"),
        ]
        return fields(self.endpoint.call(f"{self.prefix}/step", request), made)

    def render(self) -> tuple[str, int, int, list[int]]:
        answer = self.endpoint.call(f"{self.prefix}/render", CdrWriter().string(self.session))
        error, height, width = answer.string(), int(answer.primitive("I")), int(answer.primitive("I"))
        return error, height, width, answer.array("u1").tolist()


def fields(answer: CdrReader, between: list[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {"error": answer.string()}
    for name, kind in [("observations", "f8"), ("images", "u1"), *between]:
        found[name] = answer.array(kind).tolist()
    found["names"] = [answer.string() for _ in range(int(answer.primitive("I")))]
    return found | {"metrics": answer.array("f8").tolist(), "mask": answer.array("u1").tolist()}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources = [*PROTOCOL.glob("*.cs"), SOURCES / "Seeker.cs", SOURCES / "SeekerProgram.cs"]
    return compile_csharp(tmp_path_factory.mktemp("seeker") / "seeker.exe", *sources)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


@pytest.fixture
def start(program: Path) -> Iterator[Any]:
    started: list[subprocess.Popen[bytes]] = []

    def start(port: int, *arguments: str, draws: bool = False) -> subprocess.Popen[bytes]:
        command = ["mono", str(program), "-batchmode", "--ros-port", str(port), *arguments]
        environment = {**os.environ, "SEEKER_DRAWS": "1" if draws else "0"}
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_batch_is_reset_by_seed_and_stepped(endpoint: Endpoint, start: Any) -> None:
    start(endpoint.port, "--n-environments", "3")
    endpoint.wait(5)
    session = Session(endpoint)
    opened = session.open()
    assert (opened["error"], opened["id"], opened["num_envs"]) == ("", "seeker", 3)
    assert from_json(opened["observation_space"]).high.tolist() == [10, float("inf")]
    assert from_json(opened["action_space"]).low.tolist() == [-1]
    first = session.reset(1, [5, 5, 6], [])["observations"]
    assert first[:2] == first[2:4] != first[4:]
    made = session.step(2, [0.5, -0.5, 0.0])
    places = [first[0] + 0.5, first[2] - 0.5, first[4]]
    assert made["observations"] == [places[0], 1, places[1], 1, places[2], 1]
    assert made["rewards"] == [-abs(place) for place in places]
    assert (made["names"], made["metrics"], made["mask"]) == (["is_success"], [0, 0, 0], [1, 1, 1])
    masked = session.reset(3, [], [0, 1, 0])["observations"]
    assert masked[::4] == made["observations"][::4]
    assert masked[2] != made["observations"][2]


def test_episodes_end_and_begin_within_a_step(endpoint: Endpoint, start: Any) -> None:
    start(endpoint.port, "--n-environments", "2", draws=True)
    endpoint.wait(5)
    session = Session(endpoint)
    assert from_json(session.open(2)["observation_space"])["image"].shape == (2, 3, 3)
    observations = session.reset(0, [1, 2], [])["observations"]
    while abs(observations[0]) >= 0.1:
        made = session.step(sequence := int(observations[1]) + 1, [-observations[0], 1.0])
        observations = made["final"] or made["observations"]
    assert (made["terminated"], made["truncated"], made["metrics"]) == ([1, 0], [0, 0], [1, 0])
    assert len(made["final"]) == 2
    assert made["final_images"][0] == sequence
    assert made["observations"][1::2] == [0, sequence]
    assert made["images"][::18] == [0, sequence]
    for number in range(sequence + 1, 21):
        made = session.step(number, [0.0, 1.0])
    assert made["truncated"] == [0, 1]


def test_the_picture_is_that_of_the_observation_of_the_first_environment(
    endpoint: Endpoint, start: Any
) -> None:
    start(endpoint.port, "--n-environments", "2", draws=True)
    endpoint.wait(5)
    session = Session(endpoint)
    assert session.open(2, "rgb_array")["error"] == ""
    session.reset(0, [1, 2], [])
    images = session.step(1, [0.0, 0.0])["images"]
    assert session.render() == ("", 2, 3, images[:18])
    session.session = "another"
    assert session.render()[1:] == (0, 0, [])


def test_without_a_camera_there_is_no_picture(endpoint: Endpoint, start: Any) -> None:
    start(endpoint.port)
    endpoint.wait(5)
    session = Session(endpoint)
    session.open()
    assert session.render()[1] == 0


def test_a_repeated_request_gets_the_same_answer(endpoint: Endpoint, start: Any) -> None:
    start(endpoint.port)
    endpoint.wait(5)
    session = Session(endpoint)
    session.open()
    session.reset(1, [1], [])
    assert session.step(2, [0.1]) == session.step(2, [0.1])
    assert session.step(3, [0.1])["observations"][1] == 2


def test_what_cannot_be_done_is_said(endpoint: Endpoint, start: Any) -> None:
    start(endpoint.port)
    endpoint.wait(5)
    session = Session(endpoint)
    assert "open first" in session.step(1, [0.0])["error"]
    assert "--n-environments 4" in session.open(4)["error"]
    assert "render_mode 'human'" in session.open(1, "human")["error"]
    session.open()
    assert session.step(1, [0.0, 0.0])["error"] == "actions has 2 values, must have 1"
    assert session.reset(2, [1, 2, 3], [])["error"] == "seeds has 3 values, must have none or 1"
    assert "little-endian" in endpoint.call("/unity/close", BadMessage()).string()
    Session(endpoint, client="another").open()
    assert "another client took over" in session.step(3, [0.0])["error"]


class BadMessage(CdrWriter):
    def message(self) -> bytes:
        return b"\xff\xff"


def test_bytes_that_ros_leaves_at_the_end_mean_nothing(endpoint: Endpoint, start: Any) -> None:
    start(endpoint.port, "--n-environments", "2")
    endpoint.wait(5)
    session = Session(endpoint)
    session.open()
    before = session.reset(1, [3, 4], [])["observations"]
    for sequence, mask, kept in [(2, [0, 1], 0), (3, [1, 0], 2)]:
        request = CdrWriter().string(session.session).primitive("Q", sequence).array(np.array([], np.int64))
        request.array(np.array(mask, np.uint8)).primitive("H", 0x3030)
        made = fields(endpoint.call("/unity/reset", request), [])
        changed = [i for i in (0, 2) if made["observations"][i] != before[i]]
        assert (made["error"], changed) == ("", [2 - kept])
        before = made["observations"]


def test_each_environment_has_services_of_its_own(endpoint: Endpoint, start: Any) -> None:
    start(endpoint.port, "--n-environments", "2", "--services", "each", "--prefix", "/uc1")
    endpoint.wait(10)
    sessions = [Session(endpoint, f"/uc1_{i}") for i in range(2)]
    for session in sessions:
        assert session.open()["num_envs"] == 1
        session.reset(1, [1], [])
    sessions[1].step(2, [0.0])
    assert [session.step(3, [0.0])["observations"][1] for session in sessions] == [1, 2]


def test_a_killed_program_is_an_error_and_another_takes_its_place(endpoint: Endpoint, start: Any) -> None:
    process = start(endpoint.port)
    endpoint.wait(5)
    session = Session(endpoint)
    session.open()
    process.kill()
    endpoint.wait(0)
    with pytest.raises(CallError, match="no client offers"):
        session.step(1, [0.0])
    start(endpoint.port)
    endpoint.wait(5)
    assert session.open()["error"] == ""


def test_the_program_connects_again_to_an_endpoint_that_was_away(endpoint: Endpoint, start: Any) -> None:
    first = Endpoint()
    start(first.port)
    first.wait(5)
    session = Session(first)
    session.open()
    session.reset(1, [1], [])
    first.close()
    second = Endpoint(first.port)
    try:
        second.wait(5)
        session.endpoint = second
        assert session.step(2, [0.0])["observations"][1] == 1
    finally:
        second.close()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--ros-port", "0"], "--ros-port 0: must be between 1 and 65535"),
        (["--services", "all"], "--services all: must be batch or each"),
        (["--sample-time", "-1"], "must not be negative"),
        (["--time-scale", "0"], "must be greater than 0"),
        (["--pause"], "--pause needs a value"),
    ],
)
def test_bad_arguments_are_named(program: Path, arguments: list[str], complaint: str) -> None:
    command = ["mono", str(program), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=WAIT, check=False)
    assert ended.returncode == 2
    assert complaint in ended.stderr
