"""Training speed of agents, side by side with stock Stable-Baselines3."""

import argparse
import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial

import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.bench.machine import Results
from rl_pipeline.bench.models import MakeEnv, make_batched_env, make_dummy_env, make_model
from rl_pipeline.bench.report import as_table, print_machine, write_json
from rl_pipeline.bench.rounds import in_turn, median_ratio
from rl_pipeline.bench.training_clock import PARTS, TrainingClock
from rl_pipeline.learners.sb3.engines import engine_class
from rl_pipeline.learners.sb3.registry import ALGORITHMS

STOCK = "stock SB3"
MEASURED = (*PARTS, "total")
BUFFER_SIZE = 200_000

Contenders = Mapping[str, tuple[type[BaseAlgorithm], MakeEnv]]
"""The class of the model and the environments that it trains in."""
Seconds = dict[str, float]
"""The seconds of each part of a training and of the whole."""


def run(options: argparse.Namespace, peers: Contenders | None = None) -> None:
    """Measure, print the table and write the results.

    Args:
        options: The options of `rl_pipeline.commands.bench.add_training_arguments`.
        peers: Contenders besides stock SB3 and ours.
    """
    torch.set_num_threads(options.threads)
    machine = print_machine()
    rows = compare({**contenders(options.algorithm), **(peers or {})}, options)
    print(f"{options.algorithm}, {options.environment}, {options.n_envs} environments")
    print("timesteps per second (ratio to stock SB3)\n" + as_table(to_lines(rows)))
    write_json("training", machine, options, rows=rows)


def contenders(algorithm: str) -> Contenders:
    """Return stock SB3, our engine with the batched backend, and our engine in SB3's environments."""
    entry = ALGORITHMS[algorithm]
    fast = engine_class(entry, "fast")
    return {
        STOCK: (entry.model_class, make_dummy_env),
        "fast": (fast, make_batched_env),
        "fast, DummyVecEnv": (fast, make_dummy_env),
    }


def compare(contenders: Contenders, options: argparse.Namespace) -> list[Results]:
    """Train all contenders in turn and return a row for each.

    The first piece of training includes start-up and compilation. In every round after it, each contender trains for
    as many pieces as stock SB3 makes in about `options.seconds`.
    """
    with ExitStack() as stack:
        clocks = {}
        for name, (model_class, make_env) in contenders.items():
            clocks[name] = TrainingClock(_make_model(model_class, make_env, options))
            stack.callback(clocks[name].model.get_env().close)
        for clock in clocks.values():
            clock.warm_up()
        piece = options.n_envs * (options.n_steps if options.algorithm == "ppo" else options.vector_steps)
        first = {name: clock.learn(piece) for name, clock in clocks.items()}
        pieces = max(1, round(options.seconds / clocks[STOCK].learn(piece)["total"]))
        measures: dict[str, Callable[[], Seconds]] = {
            name: partial(clock.learn, pieces * piece) for name, clock in clocks.items()
        }
        seconds = in_turn(measures, options.rounds)
    return [
        {
            "contender": name,
            **_speeds(rounds, seconds[STOCK], pieces * piece),
            "compile_s": max(0.0, first[name]["total"] - _median(rounds, "total") / pieces),
        }
        for name, rounds in seconds.items()
    ]


def _make_model(
    model_class: type[BaseAlgorithm], make_env: MakeEnv, options: argparse.Namespace
) -> BaseAlgorithm:
    env = make_env(options.environment, options.n_envs, options.threads)
    parameters = {"n_steps": options.n_steps} if options.algorithm == "ppo" else {"buffer_size": BUFFER_SIZE}
    return make_model(model_class, options.algorithm, env, **parameters)


def _speeds(rounds: list[Seconds], stock: list[Seconds], timesteps: int) -> dict[str, float]:
    speeds = {}
    for part in MEASURED:
        ratio = median_ratio([spent[part] for spent in stock], [spent[part] for spent in rounds])
        speeds[f"{part}_timesteps_per_s"] = timesteps / _median(rounds, part)
        speeds[f"{part}_ratio"] = ratio
    return speeds


def _median(rounds: list[Seconds], part: str) -> float:
    return statistics.median(spent[part] for spent in rounds)


def to_lines(rows: list[Results]) -> list[list[str]]:
    """Return the lines of the table."""
    lines = [["contender", *MEASURED, "compile [s]"]]
    for row in rows:
        speeds = [f"{row[f'{part}_timesteps_per_s']:,.0f} ({row[f'{part}_ratio']:.2f})" for part in MEASURED]
        lines.append([row["contender"], *speeds, f"{row['compile_s']:.1f}"])
    return lines
