"""Duration of a lockstep step over ROS-TCP, relative to a bare TCP round trip of the same bytes in the same run.

    python benchmarks/ros_tcp.py --n-envs 16 --size 100
    python benchmarks/ros_tcp.py --stages

The step is measured twice: with a program that only patches the number of the request into bytes that are ready, so
that our end alone is added to the socket, and with one that reads requests and writes replies as the player does.
`--stages` adds the microseconds of each part of our end.
"""

import argparse
import json
import multiprocessing
import socket
import statistics
import struct
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np
from gymnasium import spaces
from stages import Stages

from rl_pipeline.bridge.client import Client
from rl_pipeline.bridge.commands import encode_call, encode_command
from rl_pipeline.bridge.messages import REQUESTS, RESPONSES, TYPES, encode_message
from rl_pipeline.config.environment import Environment
from rl_pipeline.config.unity_ros import UnityRos
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.envs.remote.space_json import to_json

ACTION_SIZE = 8
LENGTHS = struct.Struct("<II")
NUMBER = 10_000_001
"""A number of a request, as wide as all are written by the program whose bytes are ready."""
FIELD = b'"srv_id": '


def replies(n: int, size: int) -> dict[str, bytes]:
    """Return the payloads that a program of n environments answers with."""
    values = np.random.default_rng(0).normal(size=n * size).astype(np.float32)
    batch = {
        "observations": values,
        "rewards": np.zeros(n),
        "terminated": np.zeros(n),
        "truncated": np.zeros(n),
    }
    opened = {
        "session": "a",
        "environment_id": "Numbers",
        "num_envs": n,
        "observation_space": to_json(spaces.Box(-np.inf, np.inf, (size,), np.float32)),
        "action_space": to_json(spaces.Box(-1.0, 1.0, (ACTION_SIZE,), np.float32)),
    }
    return {
        service: encode_message(fields, **(opened if service == "open" else batch))
        for service, fields in RESPONSES.items()
    }


def player(port: int, n: int, size: int) -> None:
    """Read requests and write replies, without a simulation."""
    ready = replies(n, size)
    with Client(port=port, timeout=None) as client:
        for service, type_name in TYPES.items():
            client.command("__unity_service", topic=f"/unity/{service}", message_name=type_name)
        while True:
            frame = client.receive()
            if frame.topic == "__request":
                service = client.receive().topic
                number = json.loads(frame.payload)["srv_id"]
                client.respond(number, service, ready[service.rpartition("/")[2]])


def bytes_that_are_ready(port: int, n: int, size: int) -> None:
    """Answer requests, each of which comes in one piece, with what is ready but for their number."""
    width = len(str(NUMBER))
    ready = [  # the step first, since it is looked for most
        (
            f"/unity/{service}".encode(),
            bytearray(encode_call("__response", NUMBER, f"/unity/{service}", payload)),
        )
        for service, payload in sorted(replies(n, size).items(), reverse=True)
    ]
    request = bytearray(2**16)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for service, type_name in TYPES.items():
            offer = encode_command(
                "__unity_service", {"topic": f"/unity/{service}", "message_name": type_name}
            )
            connection.sendall(offer)
        while received := connection.recv_into(request):
            start = request.find(FIELD, 0, received) + len(FIELD)
            if start < len(FIELD):
                continue
            stop = request.index(b"}", start)
            answer = next(answer for name, answer in ready if request.startswith(name, stop + 5))
            place = answer.index(FIELD) + len(FIELD)
            answer[place : place + width] = request[start:stop].rjust(width)
            connection.sendall(answer)


def bare_server(started: Connection) -> None:
    """Answer each so many bytes with so many."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started.send(listener.getsockname()[1])
        connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    asked, answered = LENGTHS.unpack(connection.recv(LENGTHS.size))
    answer = bytes(answered)
    while take(connection, asked):
        connection.sendall(answer)


def take(connection: socket.socket, size: int) -> bool:
    """Read so many bytes; return whether they came."""
    while size:
        data = connection.recv(size)
        if not data:
            return False
        size -= len(data)
    return True


def bare_round_trip(asked: int, answered: int) -> Callable[[], None]:
    """Connect to a bare server and return what makes a round trip."""
    here, there = multiprocessing.Pipe()
    multiprocessing.Process(target=bare_server, args=(there,), daemon=True).start()
    connection = socket.create_connection(("127.0.0.1", here.recv()))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(LENGTHS.pack(asked, answered))
    request = bytes(asked)

    def round_trip() -> None:
        connection.sendall(request)
        take(connection, answered)

    return round_trip


def lockstep(program: Callable[[int, int, int], None], n: int, size: int) -> Callable[[], None]:
    """Make environments in a program and return what steps them."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    multiprocessing.Process(target=as_soon_as_possible, args=(program, port, n, size), daemon=True).start()
    env = make_vector_env(
        Environment(id="Numbers", backend="unity_ros", n_environments=n, unity_ros=UnityRos(port=port))
    )
    actions = env.action_space.sample()
    return lambda: env.step(actions)


def as_soon_as_possible(program: Callable[[int, int, int], None], port: int, n: int, size: int) -> None:
    """Run a program once somebody listens, to the end of its connection."""
    while True:
        try:
            return program(port, n, size)
        except ConnectionRefusedError:
            time.sleep(0.1)
        except ConnectionError:
            return None


def sizes(n: int, size: int) -> tuple[int, int]:
    """Return the bytes of a step's request and reply, with their headers."""
    request = encode_message(REQUESTS["step"], session="a", sequence=1, actions=np.zeros(n * ACTION_SIZE))
    asked = encode_call("__request", 1001, "/unity/step", request)
    return len(asked), len(encode_call("__response", 1001, "/unity/step", replies(n, size)["step"], nul=True))


def milliseconds(call: Callable[[], None], calls: int) -> list[float]:
    """Time calls one by one."""
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return times


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n-envs", type=int, default=16)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--stages", action="store_true")
    options = parser.parse_args()
    asked, answered = sizes(options.n_envs, options.size)
    ways = {
        "bare TCP": bare_round_trip(asked, answered),
        "our end alone": lockstep(bytes_that_are_ready, options.n_envs, options.size),
        "with the player's end": lockstep(player, options.n_envs, options.size),
    }
    measured: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, call in ways.items():
            measured[name] += milliseconds(call, options.calls)
    least, reference = min(measured["bare TCP"]), statistics.median(measured["bare TCP"])
    print(f"{options.n_envs} environments x {options.size} numbers: {asked} bytes out, {answered} bytes in")
    for name, times in measured.items():
        median, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        print(
            f"{name:21} median {median:6.4f} ms  99 % {p99:6.4f} ms  ratio {median / reference:5.2f}"
            f"  least {min(times):6.4f} ms  ratio {min(times) / least:5.2f}"
        )
    if options.stages:
        print("our end alone: microseconds of each stage, least and median")
        for stage, least, median in Stages().measure(ways["our end alone"], options.rounds * options.calls):
            print(f"{stage:40} {least:7.2f} {median:7.2f}")
