"""Sampling speed of hindsight replay relative to Stable-Baselines3, measured in one run.

    python benchmarks/hindsight_replay.py

Both buffers hold the same transitions of 16 environments with episodes of 50 steps and the observations of
FetchPickAndPlace, and compute rewards with the same function. One measurement is a step stored and a minibatch
drawn, as in a training with a gradient step for each step of the environments; both parts are also shown alone.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.her.her_replay_buffer import HerReplayBuffer

from rl_pipeline.bench.rounds import in_turn, median_ratio
from rl_pipeline.learners.sb3.hindsight_replay import HindsightReplayBuffer

EPISODE = 50
SIZES = {"observation": 25, "achieved_goal": 3, "desired_goal": 3}
OBSERVATION = spaces.Dict({key: spaces.Box(-np.inf, np.inf, (size,)) for key, size in SIZES.items()})
ACTION = spaces.Box(-1.0, 1.0, (4,))
ENDED: dict[str, Any] = {"TimeLimit.truncated": True}


class Goals:
    """The part of an environment that a buffer asks: rewards for pairs of goals."""

    def env_method(
        self, name: str, achieved: np.ndarray, desired: np.ndarray, infos: object, indices: object
    ) -> list[np.ndarray]:
        """Return the sparse rewards of the Fetch tasks."""
        return [-(np.linalg.norm(achieved - desired, axis=-1) > 0.05).astype(np.float32)]


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the time of the processor that a call takes, which other programs do not lengthen."""
    begin = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - begin) / repeats


class Stepper:
    """Stores the same step again and again, with an end every `EPISODE` steps."""

    def __init__(self, buffer: HerReplayBuffer) -> None:
        rng, n = np.random.default_rng(1), buffer.n_envs
        first, second = ({key: rng.normal(size=(n, size)) for key, size in SIZES.items()} for _ in range(2))
        self._step = first, second, rng.uniform(-1, 1, (n, 4)), np.full(n, -1.0)
        self._buffer, self._count = buffer, 0

    def __call__(self) -> None:
        """Store it."""
        self._count += 1
        ends, n = self._count % EPISODE == 0, self._buffer.n_envs
        self._buffer.add(*self._step, np.full(n, ends), [ENDED if ends else {}] * n)


def measurements(
    buffer: HerReplayBuffer, step: Stepper, batch_size: int, repeats: int
) -> dict[str, Callable[[], float]]:
    """Return what is measured with a buffer."""
    sample = partial(buffer.sample, batch_size)

    def both() -> None:
        step()
        sample()

    works = {"a step stored": step, "a minibatch": sample, "both": both}
    return {name: partial(seconds, work, repeats) for name, work in works.items()}


def report(name: str, times: Mapping[str, list[float]], rows: int) -> None:
    """Print one line."""
    ours, theirs = times["ours"], times["SB3"]
    own, other = (1e6 * statistics.median(each) for each in (ours, theirs))
    speed = (
        ""
        if name == "a step stored"
        else f"  {rows / own * 1e6:,.0f} against {rows / other * 1e6:,.0f} samples/s"
    )
    print(
        f"  {name:14} ours {own:7.0f} us  SB3 {other:7.0f} us  ratio {median_ratio(theirs, ours):6.1f}{speed}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--capacity", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--repeats", type=int, default=100)
    arguments = parser.parse_args()
    for capacity in arguments.capacity:
        classes = {"ours": HindsightReplayBuffer, "SB3": HerReplayBuffer}
        measured: dict[str, dict[str, Callable[[], float]]] = {}
        for contender, buffer_class in classes.items():
            buffer = buffer_class(
                capacity, OBSERVATION, ACTION, Goals(), device="cpu", n_envs=arguments.environments
            )
            step = Stepper(buffer)
            for _ in range(int(1.2 * buffer.buffer_size)):
                step()
            measured[contender] = measurements(buffer, step, arguments.batch_size, arguments.repeats)
        print(
            f"{capacity:,} transitions of {arguments.environments} environments, batches of {arguments.batch_size}"
        )
        for name in measured["ours"]:
            times = in_turn({who: works[name] for who, works in measured.items()}, arguments.rounds)
            report(name, times, arguments.batch_size)


if __name__ == "__main__":
    main()
