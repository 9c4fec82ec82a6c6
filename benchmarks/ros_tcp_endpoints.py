"""Our ROS-TCP endpoint beside Unity's own: round trip of a message, images at 30 Hz, processor time and memory.

    bash -c 'source ros_ws/activate.bash && python benchmarks/ros_tcp_endpoints.py --unity FOLDER --seconds 60'

FOLDER is a checkout of ROS-TCP-Endpoint, branch main-ros2. Messages go from one client through ROS to another.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import psutil

from rl_pipeline.bridge.cdr import CdrWriter
from rl_pipeline.bridge.client import Client

START = "from ros_tcp_endpoint.default_server_endpoint import main; main()"
WIDTH, HEIGHT, RATE = 1280, 720, 30.0
TIMEOUT = 30.0
WARM_UP = 100
"""Images after which memory is measured for the first time."""


@contextmanager
def endpoint(folder: str | None) -> Iterator[tuple[psutil.Process, int]]:
    """Run Unity's endpoint from a folder, or ours."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
    arguments = ["--ros-args", "-p", "ROS_IP:=127.0.0.1", "-p", f"ROS_TCP_PORT:={port}"]
    process = subprocess.Popen(
        [sys.executable, "-c", START, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield psutil.Process(process.pid), port
    finally:
        process.terminate()
        process.wait()


def connect(port: int) -> Client:
    """Connect as soon as the endpoint listens."""
    for _ in range(300):
        try:
            client = Client(port=port, timeout=TIMEOUT)
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            client.receive()
            return client
    raise TimeoutError(f"nothing listens on port {port}")


def pair(port: int, topic: str, kind: str) -> tuple[Client, Client]:
    """Connect one client that publishes and one that subscribes."""
    sender, receiver = connect(port), connect(port)
    receiver.command("__subscribe", topic=topic, message_name=kind)
    sender.command("__publish", topic=topic, message_name=kind, queue_size=10, latch=False)
    time.sleep(2.0)  # ROS connects the two ends meanwhile
    return sender, receiver


def round_trips(port: int, n: int) -> list[float]:
    """Return the milliseconds that messages take from one client to the other."""
    sender, receiver = pair(port, "/text", "std_msgs/String")
    message, times = CdrWriter().string("hello").message(), []
    with sender, receiver:
        for _ in range(n):
            start = time.perf_counter()
            sender.publish("/text", message)
            receiver.receive()
            times.append((time.perf_counter() - start) * 1e3)
    return times


def image() -> bytes:
    """Return a picture as `sensor_msgs/Image`."""
    writer = CdrWriter().primitive("i", 0).primitive("I", 0).string("camera")
    writer.primitive("I", HEIGHT).primitive("I", WIDTH).string("rgb8").primitive("B", 0).primitive(
        "I", 3 * WIDTH
    )
    return writer.array(np.zeros(3 * WIDTH * HEIGHT, np.uint8)).message()


def images(process: psutil.Process, port: int, seconds: float) -> str:
    """Send pictures at a fixed rate, and say how many arrived and what they cost."""
    sender, receiver = pair(port, "/image", "sensor_msgs/Image")
    message, delays, before, at_start = image(), [], process.cpu_times(), 0.0
    started = time.perf_counter()
    with sender, receiver:
        for number in range(int(seconds * RATE)):
            time.sleep(max(0.0, started + number / RATE - time.perf_counter()))
            begin = time.perf_counter()
            sender.publish("/image", message)
            receiver.receive()
            delays.append((time.perf_counter() - begin) * 1e3)
            if number == WARM_UP:
                at_start = mebibytes(process)
    elapsed, after = time.perf_counter() - started, process.cpu_times()
    busy = (after.user + after.system - before.user - before.system) / elapsed
    rate, median, p99 = (
        len(delays) / elapsed,
        statistics.median(delays),
        statistics.quantiles(delays, n=100)[98],
    )
    return (
        f"images {rate:5.1f} Hz  median {median:6.2f} ms  99 % {p99:6.2f} ms  processor {busy:4.0%}  "
        f"memory {at_start:.1f} MiB after {WARM_UP} images, {mebibytes(process):.1f} at the end"
    )


def mebibytes(process: psutil.Process) -> float:
    """Return the memory of a process."""
    return process.memory_info().rss / 2**20


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--unity", help="folder of Unity's ROS-TCP-Endpoint")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--messages", type=int, default=1000)
    options = parser.parse_args()
    for name, folder in {"ours": None, "Unity's": options.unity}.items():
        if name == "ours" or folder:
            with endpoint(folder) as (process, port):
                times = round_trips(port, options.messages)
                p99 = statistics.quantiles(times, n=100)[98]
                print(
                    f"{name:8} message median {statistics.median(times):6.2f} ms  99 % {p99:6.2f} ms",
                    flush=True,
                )
                print(f"{name:8} {images(process, port, options.seconds)}", flush=True)
