"""Episodes a second that `rl-pipeline collect` records, against those that an evaluation plays.

    python benchmarks/collect.py

A policy of HalfCheetah-v5 that was trained for a moment acts in ten environments at a time. Recording adds the
values of the expert, the copies of all observations, compression, and a file that is synced for each episode.
The time is that of the processor, so that other work on the machine does not count.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from rl_pipeline.bench.report import as_table, print_machine, write_json
from rl_pipeline.bench.rounds import in_turn, median_ratio
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.datasets.rollout_store import RolloutStore
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.collect import CollectionPlan, collect, contents_of
from rl_pipeline.run.control import TrainingControl
from rl_pipeline.run.evaluate import evaluate
from rl_pipeline.run.expert import Expert, find_expert
from rl_pipeline.run.plan import Plan
from rl_pipeline.run.train import run_plan
from rl_pipeline.run.trained_policy import open_policy

EVALUATION = "evaluation"


def train(folder: Path) -> Expert:
    """Return a policy that acts, badly."""
    mapping = {
        "experiment": {"name": "expert", "folder": str(folder)},
        "environment": {"id": "HalfCheetah-v5", "backend": "mujoco", "n_environments": 4, "normalize": True},
        "training": {
            "algorithm_parameters": {"n_steps": 64, "batch_size": 64},
            "tensorboard": False,
            "training": {"total_timesteps": 256, "device": "cpu", "verbose": 0, "eval": {"num_evals": 0}},
            "checkpoint": {"export": False},
        },
        "evaluation": {"num_episodes": 1, "video": False},
    }
    run, _, _ = run_plan(Plan(load_config_mapping(mapping).config))
    return find_expert(run, CheckpointStore(run.checkpoints).find("final"))


def episodes_a_second(action: Callable[[], object], n: int) -> float:
    """Return episodes per second of the processor."""
    start = time.process_time()
    action()
    return n / (time.process_time() - start)


def record(expert: Expert, n: int) -> None:
    """Record episodes into a file."""
    plan = CollectionPlan(from_start=n)
    control = TrainingControl("keeping the episodes that ended")
    with (
        TemporaryDirectory() as folder,
        RolloutStore(Path(folder, "rollouts.hdf5"), contents_of([expert], plan)) as store,
    ):
        collect([expert], plan, store, control, lambda *progress: None)
        store.consolidate()


def play(expert: Expert, n: int) -> None:
    """Play episodes as an evaluation does."""
    with open_policy(expert.run, expert.checkpoint, n_episodes=n) as trained:
        evaluate(trained.policy, trained.env, n_episodes=n, seed=0)


def parse_options(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--episodes", type=int, default=20, help="in a measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("build", "bench_collect.json"))
    return parser.parse_args(words)


def main(options: argparse.Namespace) -> None:
    machine = print_machine()
    n = options.episodes
    with TemporaryDirectory() as folder:
        expert = train(Path(folder))
        measures = {
            EVALUATION: lambda: episodes_a_second(lambda: play(expert, n), n),
            "collect": lambda: episodes_a_second(lambda: record(expert, n), n),
        }
        rates = in_turn(measures, options.rounds)
    ratios = {name: median_ratio(values, rates[EVALUATION]) for name, values in rates.items()}
    lines = [("", "episodes/s", "ratio")]
    lines += [
        (name, f"{sorted(rates[name])[options.rounds // 2]:.2f}", f"{ratios[name]:.2f}") for name in rates
    ]
    print(as_table(lines))
    write_json("collect", machine, options, rates=rates, ratios=ratios)


if __name__ == "__main__":
    main(parse_options())
