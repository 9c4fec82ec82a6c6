"""CPU time of steps of `MotionImitation`, beside those of a task that rewards nothing.

    python benchmarks/motion_task.py

Both step the planar walker with the same actions, starts and servos. The other task observes coordinates and
velocities alone, gives a reward of one, and ends episodes by the height of the root.
The aim is a ratio of at most 1.25.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.bench.report import as_table, print_machine, write_json
from rl_pipeline.bench.rounds import in_turn, median_ratio
from rl_pipeline.envs.mujoco.task import Batch
from rl_pipeline.envs.mujoco.tasks.motion import MotionImitation
from rl_pipeline.envs.mujoco.tasks.reward_terms import PRESETS
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv

TRIVIAL = "trivial"
LEAST_HEIGHT = -0.35
"""Of the root above its place while standing, m."""


class TrivialTask(MotionImitation):
    """The same robot, starts and actions, without following."""

    def terminated(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which robots fell."""
        return batch.qpos[:, 1] < LEAST_HEIGHT

    def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.float64]:
        """Return one."""
        return np.ones(batch.n)

    def metrics(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return nothing."""
        return {}

    def observe(self, batch: Batch) -> NDArray[np.float64]:
        """Return coordinates and velocities."""
        return np.concatenate((batch.qpos[:, 1:], batch.qvel), axis=1)


def make_stepper(task: MotionImitation, n: int, steps: int) -> Callable[[], float]:
    """Return a function that steps and returns the CPU time, s."""
    batch = MujocoVectorEnv(task, n, num_threads=1)
    batch.reset(seed=0)
    actions = np.zeros((n, *batch.single_action_space.shape), np.float32)

    def step() -> float:
        start = time.process_time()
        for _ in range(steps):
            batch.step(actions)
        return time.process_time() - start

    return step


def main(options: argparse.Namespace) -> None:
    machine = print_machine()
    tasks = {name: MotionImitation(reward=name, actions="reference") for name in PRESETS}
    tasks[TRIVIAL] = TrivialTask(actions="reference")
    steppers = {name: make_stepper(task, options.environments, options.steps) for name, task in tasks.items()}
    in_turn(steppers, 1)
    measured = in_turn(steppers, options.rounds)
    ratios = {name: median_ratio(times, measured[TRIVIAL]) for name, times in measured.items()}
    print(as_table([["task", "ratio"], *([name, f"{ratio:.2f}"] for name, ratio in ratios.items())]))
    write_json("motion_task", machine, options, ratios=ratios)


def parse_options(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--environments", type=int, default=256)
    parser.add_argument("--steps", type=int, default=60, help="environment steps in a round")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--output", type=Path, default=Path("build", "bench_motion_task.json"))
    return parser.parse_args(words)


if __name__ == "__main__":
    main(parse_options())
