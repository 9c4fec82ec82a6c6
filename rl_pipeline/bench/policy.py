"""Speed of acting policies: SB3's `predict` and the actor with which the fast engine collects."""

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy

from rl_pipeline.bench.machine import Results
from rl_pipeline.bench.models import make_dummy_env, make_model
from rl_pipeline.bench.report import as_table, print_machine, write_json
from rl_pipeline.bench.rounds import in_turn, median_ratio
from rl_pipeline.learners.sb3.engines import engine_class
from rl_pipeline.learners.sb3.fast.actor_critic import ActorCritic
from rl_pipeline.learners.sb3.fast.off_policy import FastOffPolicy
from rl_pipeline.learners.sb3.registry import ALGORITHMS

STOCK, FAST = "SB3 predict", "fast actor"
WARM_UP_CALLS = 10  # the first one may compile

Act = Callable[[np.ndarray], np.ndarray]
"""Function from observations (n, ...) to actions (n, ...)."""


def run(options: argparse.Namespace) -> None:
    """Measure, print the table and write the results.

    Args:
        options: The options of `rl_pipeline.commands.bench.add_policy_arguments`.
    """
    torch.set_num_threads(options.threads)
    machine, rows = print_machine(), []
    for algorithm in options.algorithms:
        model = make_untrained(algorithm, options.environment)
        for batch in options.batches:
            rows += compare(model, algorithm, batch, options)
    print(f"{options.environment}: time of one call (ratio to SB3)\n{as_table(to_lines(rows))}")
    write_json("policy", machine, options, rows=rows)


def make_untrained(algorithm: str, environment: str) -> BaseAlgorithm:
    """Make a model of the fast engine; its speed depends on the size of its network, not on the weights."""
    env = make_dummy_env(environment, 1, 1)
    parameters = {} if algorithm == "ppo" else {"buffer_size": 1}
    return make_model(engine_class(ALGORITHMS[algorithm], "fast"), algorithm, env, **parameters)


def stock_actor(model: BaseAlgorithm) -> Act:
    """Return SB3's function for acting outside of training; it samples actions like ours."""
    return lambda observations: model.predict(observations, deterministic=False)[0]


def fast_actor(model: BaseAlgorithm, batch: int) -> Act:
    """Return the fast engine's function for acting, with the same actions for the same state of torch's generator.

    Raises:
        NotCovered: The policy is not a multilayer perceptron over vector observations.
    """
    policy, space = model.policy, model.action_space
    if isinstance(model, FastOffPolicy):
        act = model._make_update().act
        return lambda observations: policy.unscale_action(act(observations))
    assert isinstance(policy, ActorCriticPolicy)
    sample = ActorCritic(policy).actor(batch).act
    if not isinstance(space, spaces.Box):
        return lambda observations: sample(observations)[0]
    return lambda observations: np.clip(sample(observations)[0], space.low, space.high)


def compare(model: BaseAlgorithm, algorithm: str, batch: int, options: argparse.Namespace) -> list[Results]:
    """Run both in turn on the same batch of observations, and return a row for each."""
    space = model.observation_space
    space.seed(0)
    observations = np.array([space.sample() for _ in range(batch)], np.float32)
    measures = {
        name: partial(call_times, act, observations, options.seconds)
        for name, act in ((STOCK, stock_actor(model)), (FAST, fast_actor(model, batch)))
    }
    measured = in_turn(measures, options.rounds)
    medians = {name: [float(np.median(times)) for times in rounds] for name, rounds in measured.items()}
    rows = []
    for name, rounds in measured.items():
        times = np.concatenate(rounds)
        rows.append(
            {
                "algorithm": algorithm,
                "batch": batch,
                "contender": name,
                "median_us": float(np.median(times)),
                "p99_us": float(np.percentile(times, 99)),
                "actions_per_s": float(batch * len(times) / times.sum() * 1e6),
                "ratio": median_ratio(medians[STOCK], medians[name]),
            }
        )
    return rows


def call_times(act: Act, observations: np.ndarray, seconds: float) -> np.ndarray:
    """Act repeatedly for about this many seconds; return the time of each call in microseconds."""
    for _ in range(WARM_UP_CALLS):
        act(observations)
    moments = [time.perf_counter()]
    while moments[-1] < moments[0] + seconds:
        act(observations)
        moments.append(time.perf_counter())
    return np.diff(moments) * 1e6


def to_lines(rows: list[Results]) -> list[list[str]]:
    """Return the lines of the table."""
    lines = [["algorithm", "batch", "contender", "median [us]", "p99 [us]", "actions/s", "ratio"]]
    for row in rows:
        numbers = [f"{row['median_us']:.1f}", f"{row['p99_us']:.1f}", f"{row['actions_per_s']:,.0f}"]
        lines.append([row["algorithm"], str(row["batch"]), row["contender"], *numbers, f"{row['ratio']:.2f}"])
    return lines
