"""Duration of a batch step over ROS, relative to an empty service call of plain rclpy in the same run.

    bash -c 'source ros_ws/activate.bash && python benchmarks/ros_step.py'

Two processes each: the node `simulation` and `backend: ros`; a plain rclpy server and a plain rclpy client.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import gymnasium
import numpy as np
import rclpy
from gymnasium import spaces
from rclpy.executors import SingleThreadedExecutor
from rclpy.task import Future
from std_srvs.srv import Empty

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.factory import make_vector_env

SERVER = """
import rclpy
from rclpy.executors import ExternalShutdownException
from std_srvs.srv import Empty
rclpy.init()
node = rclpy.create_node("bare_server")
node.create_service(Empty, "bare", lambda request, response: response)
try:
    rclpy.spin(node)
except ExternalShutdownException:
    pass
"""


class Numbers(gymnasium.Env):
    """An environment that costs nothing: what is measured is the way to it."""

    observation_space = spaces.Box(-1.0, 1.0, (50,), np.float32)
    action_space = spaces.Box(-1.0, 1.0, (8,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[np.ndarray, dict]:
        """Return zeros."""
        super().reset(seed=seed)
        return np.zeros(50, np.float32), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict]:
        """Return zeros."""
        return np.zeros(50, np.float32), 0.0, False, False, {}


@contextmanager
def process(*command: str) -> Iterator[None]:
    running = subprocess.Popen(command)
    try:
        yield
    finally:
        running.terminate()
        running.wait()


def spin_until_answered(executor: SingleThreadedExecutor, answer: Future) -> None:
    """Wait as rclpy's own function does; that one takes longer the more calls were made."""
    while not answer.done():
        executor.spin_once()


@contextmanager
def bare_call() -> Iterator[Callable[[], None]]:
    rclpy.init()
    node = rclpy.create_node("bare_client")
    client = node.create_client(Empty, "bare")
    with process(sys.executable, "-c", SERVER):
        client.wait_for_service()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        yield lambda: spin_until_answered(executor, client.call_async(Empty.Request()))
        executor.shutdown()
    node.destroy_node()
    rclpy.shutdown()


@contextmanager
def batch_step(n: int, folder: Path) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    environment_id = f"{Path(__file__).resolve()}:Numbers"
    config = folder / "simulation.yaml"
    config.write_text(f"environment: {{id: '{environment_id}', n_environments: {n}}}\n")
    node = Path(__file__).parents[1] / "ros_ws/install/lib/rl_nodes/simulation"
    with process(str(node), "--ros-args", "-p", f"config:={config}"):
        here = make_vector_env(Environment(id=environment_id, n_environments=n))
        there = make_vector_env(Environment(id=environment_id, n_environments=n, backend="ros"))
        actions = there.action_space.sample()
        yield lambda: there.step(actions), lambda: here.step(actions)
        there.close()


def milliseconds(call: Callable[[], None], calls: int) -> list[float]:
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
    parser.add_argument("--n-envs", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--calls", type=int, default=100)
    options = parser.parse_args()
    measured: dict[str, list[float]] = {"empty service, rclpy": [], "batch step": [], "in process": []}
    with (
        TemporaryDirectory() as folder,
        bare_call() as bare,
        batch_step(options.n_envs, Path(folder)) as (remote, local),
    ):
        for _ in range(options.rounds):
            for name, call in zip(measured, (bare, remote, local), strict=True):
                measured[name] += milliseconds(call, options.calls)
    reference = statistics.median(measured["empty service, rclpy"])
    print(f"{options.n_envs} environments x 50 numbers, float32")
    for name, times in measured.items():
        median, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
        print(f"{name:22} median {median:6.2f} ms  99 % {p99:6.2f} ms  ratio {median / reference:5.2f}")
