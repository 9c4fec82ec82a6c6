"""Duration of each part of a lockstep step over ROS-TCP."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rl_pipeline.bridge.lockstep import LockstepEndpoint
from rl_pipeline.envs.remote.batch import SimulationBatch
from rl_pipeline.envs.remote.flat_batch import FlatLayout
from rl_pipeline.envs.remote.step_result import ReplyCollector
from rl_pipeline.envs.unity_ros.instance import UnityInstance
from rl_pipeline.envs.unity_ros.session import UnitySession
from rl_pipeline.envs.unity_ros.vector_env import UnityRosVectorEnv

STAGES: dict[str, tuple[type, str]] = {
    "step: check the actions, call the rest": (UnityRosVectorEnv, "step"),
    "convert the actions to float64": (FlatLayout, "pack"),
    "write the actions into the request": (UnitySession, "step_call"),
    "loop over the programs": (UnityRosVectorEnv, "_exchange"),
    "loop over a program's requests": (UnityInstance, "send"),
    "write the frames of the request": (LockstepEndpoint, "request"),
    "send, and wait while the program runs": (LockstepEndpoint, "_send"),
    "loop over a program's responses": (UnityInstance, "receive"),
    "receive": (LockstepEndpoint, "_fill"),
    "read the frames of the response": (LockstepEndpoint, "response"),
    "read the fields of the response": (UnitySession, "read"),
    "allocate the result": (ReplyCollector, "__init__"),
    "check numbers for size and NaN": (SimulationBatch, "numbers"),
    "check flags and images for size": (SimulationBatch, "octets"),
    "copy the observations": (ReplyCollector, "observe"),
    "copy rewards and flags": (ReplyCollector, "add"),
    "convert the observations to their dtype": (ReplyCollector, "as_tuple"),
}
"""Methods, each of which is timed without the others that it calls."""

CALIBRATIONS = 1000


class Stages:
    """Times the methods of `STAGES`, from when it is made to the end of the process."""

    def __init__(self) -> None:
        self._times: dict[str, list[int]] = {name: [] for name in STAGES}
        self._inner = [0]
        self._clock = 0
        self._clock = self._cost_of_the_clock()
        for name, (owner, method) in STAGES.items():
            setattr(owner, method, self._timed(getattr(owner, method), self._times[name]))

    def _timed(self, method: Callable[..., Any], times: list[int]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._inner.append(0)
            start = time.perf_counter_ns()
            try:
                return method(*args, **kwargs)
            finally:
                elapsed = time.perf_counter_ns() - start
                times.append(elapsed - self._inner.pop())
                self._inner[-1] += elapsed + self._clock

        return timed

    def _cost_of_the_clock(self) -> int:
        """Return the nanoseconds that timing a method adds to the one that calls it."""
        times: list[int] = []
        costs: list[int] = []
        nothing = self._timed(lambda: None, times)
        for _ in range(CALIBRATIONS):
            start = time.perf_counter_ns()
            nothing()
            costs.append(time.perf_counter_ns() - start)
        return int(np.median(costs) - np.median(times))

    def measure(self, step: Callable[[], object], steps: int) -> Iterator[tuple[str, float, float]]:
        """Take steps; yield the name of each stage, and its least and median microseconds in a step."""
        for _ in range(steps):
            step()
        for name, times in self._times.items():
            of_a_step = np.reshape(times, (steps, -1)).sum(axis=1) / 1e3
            yield name, float(of_a_step.min()), float(np.median(of_a_step))
