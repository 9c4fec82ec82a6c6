"""One process with two threads against two ranks on two cores, the all-reduce alone, and what limits more ranks.

    python benchmarks/parallel.py --algorithm ppo|sac [--n-envs 64] [--ranks 2] [--iterations 20] [--rounds 3]

Every contender steps as many environments in all and learns from minibatches that are as large in all. `torchrun`
and `mpirun` start this file once more, as ranks; a launcher that is missing takes no part.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from math import ceil, log2
from pathlib import Path
from typing import Any

import numpy as np

from rl_pipeline.bench.report import as_table, print_machine, write_json
from rl_pipeline.bench.rounds import in_turn, median_ratio
from rl_pipeline.config.environment import Environment
from rl_pipeline.config.training import Training
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.learners.device import use_threads
from rl_pipeline.learners.parallel.joining import joined_ranks
from rl_pipeline.learners.parallel.ranks import Ranks, rank_seed
from rl_pipeline.learners.sb3.learner import SB3Learner

SIZES = (1, 1_000, 10_000, 100_000, 1_000_000)
"""Numbers of float32 whose all-reduce is timed."""
N_RANKS = (1, 2, 16, 256)
PARAMETERS: dict[str, dict[str, Any]] = {
    "ppo": {"n_steps": 32, "batch_size": 512, "n_epochs": 4},
    "sac": {"batch_size": 256, "learning_starts": 256, "buffer_size": 100_000},
}
"""Parameters of one process; ranks divide the minibatch among them."""
LAUNCHERS = {
    "torchrun": [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node={n}"],
    "mpirun": [
        "mpirun",
        "--allow-run-as-root",
        "--oversubscribe",
        "--use-hwthread-cpus",
        "-n",
        "{n}",
        sys.executable,
    ],
}

Measured = dict[str, Any]


class Stopwatch:
    """Adds up the seconds of the calls of a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.seconds, self.calls, self.size = function, 0.0, 0, 0

    def __call__(self, array: np.ndarray) -> None:
        """Call the function and count its seconds."""
        started = time.perf_counter()
        self.function(array)
        self.seconds += time.perf_counter() - started
        self.calls, self.size = self.calls + 1, max(self.size, array.size)


def train(options: argparse.Namespace, ranks: Ranks, threads: int) -> Measured:
    """Train in this process, one of the ranks, and measure iterations after the first ones."""
    parameters = dict(PARAMETERS[options.algorithm])
    parameters["batch_size"] //= ranks.size
    n_envs = options.n_envs // ranks.size
    loop = {"device": "cpu", "total_timesteps": 10**8}
    training = Training(algorithm=options.algorithm, algorithm_parameters=parameters, training=loop)  # type: ignore[arg-type]
    section = Environment(
        id=options.environment, backend="mujoco", n_environments=n_envs, kwargs={"num_threads": threads}
    )
    env = make_vector_env(section, seed=rank_seed(0, ranks.rank))
    use_threads(threads, env.single_observation_space)
    learner = SB3Learner(training, env, seed=rank_seed(0, ranks.rank))
    exchange = Stopwatch(ranks.mean)
    if ranks.size > 1:
        ranks.mean = exchange  # type: ignore[method-assign]
        learner.join(ranks)
    learner.start()
    for _ in range(8 if options.algorithm == "sac" else 1):  # fills the replay buffer, compiles
        learner.iterate(lambda phase: None)
    return measure(options, learner, exchange)


def measure(options: argparse.Namespace, learner: SB3Learner, exchange: Stopwatch) -> Measured:
    """Time iterations of a learner."""
    moments: list[tuple[str, float]] = []
    exchange.seconds, exchange.calls = 0.0, 0
    before, started = learner.timesteps, time.perf_counter()
    for _ in range(options.iterations):
        learner.iterate(lambda phase: moments.append((phase, time.perf_counter())))
    ended = time.perf_counter()
    ends = [moment for _, moment in moments[1:]] + [ended]
    update = sum(end - start for (phase, start), end in zip(moments, ends, strict=True) if phase == "update")
    return {
        "timesteps/s": (learner.timesteps - before) / (ended - started),
        "iteration_s": (ended - started) / options.iterations,
        "update_s": update / options.iterations,
        "exchange_s": exchange.seconds / options.iterations,
        "exchanges": exchange.calls / options.iterations,
        "gradient_size": exchange.size,
    }


def all_reduces(ranks: Ranks, repetitions: int = 100) -> dict[str, float]:
    """Time the all-reduce of arrays of `SIZES`, in microseconds."""
    medians = {}
    for size in SIZES:
        array, seconds = np.ones(size, np.float32), []
        for _ in range(repetitions if size < SIZES[-1] else repetitions // 10):
            started = time.perf_counter()
            ranks.mean(array)
            seconds.append(time.perf_counter() - started)
        medians[str(size)] = 1e6 * statistics.median(seconds)
    return medians


def in_ranks(launcher: str, options: argparse.Namespace, what: str) -> Measured:
    """Start this file as ranks and return what rank 0 measured."""
    command = [part.format(n=options.ranks) for part in LAUNCHERS[launcher]]
    program = [__file__, "--algorithm", options.algorithm, "--n-envs", str(options.n_envs), "--worker", what]
    program += ["--iterations", str(options.iterations), "--environment", options.environment]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run(
        [*command, *program], capture_output=True, text=True, env=environment, check=False
    )
    if result.returncode:
        raise RuntimeError(f"{launcher} failed:\n{result.stdout}\n{result.stderr}")
    return json.loads(next(line for line in result.stdout.splitlines() if line.startswith("{")))


def alone(options: argparse.Namespace) -> Measured:
    """Measure one process with as many threads as there are ranks."""
    program = [sys.executable, __file__, "--algorithm", options.algorithm, "--n-envs", str(options.n_envs)]
    program += ["--iterations", str(options.iterations), "--environment", options.environment]
    program += ["--worker", "alone", "--ranks", str(options.ranks)]
    result = subprocess.run(program, capture_output=True, text=True, check=True)
    return json.loads(result.stdout.splitlines()[-1])


def work(options: argparse.Namespace) -> None:
    """Be one of the processes that `in_ranks` and `alone` start."""
    with joined_ranks() as ranks:
        if options.worker == "exchange":
            measured: Measured = all_reduces(ranks)
        else:
            measured = train(options, ranks, options.ranks if options.worker == "alone" else 1)
        if ranks.leads:
            print(json.dumps(measured), flush=True)


def model(one: Measured, two: Measured, exchange: Mapping[str, float], n_ranks: int) -> dict[str, float]:
    """Predict the seconds of an iteration that is divided among more ranks, each with a core of its own.

    iteration(N) = collect / N + minibatches * (fixed + gradient / N + allreduce(N)), where `fixed` is what calling
    compiled programs costs however small the minibatch, and allreduce(N) = ceil(log2 N) * latency + 2 (N - 1) / N *
    size * seconds a float, as for recursive halving and doubling.

    Args:
        one: Measured in one process.
        two: Measured in two ranks.
        exchange: Microseconds of the all-reduce between two ranks by size.
        n_ranks: N.
    """
    latency = 1e-6 * exchange["1"]
    a_float = max(1e-6 * (exchange["1000000"] - exchange["1"]), 0.0) / 1_000_000
    n = two["exchanges"]
    halved = two["update_s"] - two["exchange_s"]
    gradient = max(2 * (one["update_s"] - halved), 0.0)
    fixed = max(one["update_s"] - gradient, 0.0)
    collect = one["iteration_s"] - one["update_s"]
    reduce = n * (
        ceil(log2(n_ranks)) * latency + 2 * (n_ranks - 1) / n_ranks * two["gradient_size"] * a_float
    )
    return {
        "collect": collect / n_ranks,
        "gradient": fixed + gradient / n_ranks,
        "allreduce": reduce,
        "iteration": collect / n_ranks + fixed + gradient / n_ranks + reduce,
    }


def main(options: argparse.Namespace) -> None:
    """Measure and print."""
    machine = print_machine()
    launchers = [name for name in LAUNCHERS if name == "torchrun" or shutil.which(name)]
    exchanges = {name: in_ranks(name, options, "exchange") for name in launchers}
    print(f"all-reduce between {options.ranks} ranks, microseconds (median)")
    rows = [[name, *(f"{values[str(size)]:,.0f}" for size in SIZES)] for name, values in exchanges.items()]
    print(as_table([["", *(f"{size:,} floats" for size in SIZES)], *rows]), "\n", flush=True)
    contenders = {"one process": partial(alone, options)}
    contenders |= {name: partial(in_ranks, name, options, "train") for name in launchers}
    measured = in_turn(contenders, options.rounds)
    print_comparison(measured)
    best = min(launchers, key=lambda name: exchanges[name]["100000"])
    one, two = (middle(measured[name]) for name in ("one process", best))
    models = {n: model(one, two, exchanges[best], n) for n in N_RANKS}
    print(f"\nmodel of one iteration divided among N ranks with a core each, by {best}, milliseconds")
    parts = ("collect", "gradient", "allreduce", "iteration")
    rows = [[str(n), *(f"{1e3 * values[part]:.2f}" for part in parts)] for n, values in models.items()]
    print(as_table([["N", *parts], *rows]))
    write_json("parallel", machine, options, exchanges=exchanges, measured=measured, model=models)


def print_comparison(measured: Mapping[str, list[Measured]]) -> None:
    """Print what each contender reached, and the ratio to one process in the same round."""
    speeds = {name: [each["timesteps/s"] for each in rounds] for name, rounds in measured.items()}
    rows = [["", "timesteps/s", "ratio", "iteration ms", "update ms", "exchange ms", "exchanges"]]
    for name, rounds in measured.items():
        one = middle(rounds)
        times = [f"{1e3 * one[part]:.2f}" for part in ("iteration_s", "update_s", "exchange_s")]
        ratio = f"{median_ratio(speeds[name], speeds['one process']):.2f}"
        rows.append([name, f"{one['timesteps/s']:,.0f}", ratio, *times, f"{one['exchanges']:.0f}"])
    print(as_table(rows))


def middle(rounds: list[Measured]) -> Measured:
    """Return the median of each number over the rounds."""
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--algorithm", choices=sorted(PARAMETERS), default="ppo")
    parser.add_argument(
        "--environment", default="HalfCheetah-v5", help="a task of the batched MuJoCo backend"
    )
    parser.add_argument("--n-envs", type=int, default=64, help="environments in all ranks together")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=20, help="iterations that are measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("build/parallel.json"))
    parser.add_argument("--worker", choices=["alone", "train", "exchange"], help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    chosen = parse_arguments()
    work(chosen) if chosen.worker else main(chosen)
