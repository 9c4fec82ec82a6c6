"""`rl-pipeline eval`: evaluate a finished policy."""

import argparse
from typing import Any

from rl_pipeline.commands.argument_types import positive, seed
from rl_pipeline.commands.run_arguments import add_run, chosen

NAME = "eval"
HELP = "evaluate a run's policy and write eval.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    add_run(parser)
    parser.add_argument(
        "--episodes", type=positive, help="number of episodes; by default the configuration's"
    )
    parser.add_argument("--seed", type=seed, help="seed of the environments; by default the configuration's")
    parser.add_argument(
        "--gait",
        action="store_true",
        help="compare 20 walks from different phases with the reference motion: figure, CSV, JSON and film in gait/",
    )


def run(options: argparse.Namespace) -> None:
    """Evaluate and print the result."""
    if options.gait:
        evaluate_gait_of_run(options.run_name, options.checkpoint, options.episodes, options.seed)
        return
    evaluate_run(options.run_name, options.checkpoint, options.episodes, options.seed)


def evaluate_run(
    run_name: str, checkpoint_name: str | None, episodes: int | None, seed: int | None
) -> dict[str, Any]:
    """Evaluate a run, print the result and return what `eval.json` holds; None is a default of the configuration.

    Raises:
        RefusedError: There is no such run or checkpoint.
    """
    from rl_pipeline.run.final_evaluation import evaluate_checkpoint

    folder, checkpoint = chosen(run_name, checkpoint_name)
    report = evaluate_checkpoint(folder, checkpoint, n_episodes=episodes, seed=seed)
    for name, value in report.items():
        if isinstance(value, float):
            print(f"{name:24s} {value:.4g}")
    count = len(report["returns"])
    print(f"{count} episodes of checkpoint '{checkpoint.name}'; written to {folder.path / 'eval.json'}")
    return report


def evaluate_gait_of_run(
    run_name: str, checkpoint_name: str | None, n_walks: int | None, seed: int | None
) -> dict[str, Any]:
    """Compare the walks of a run with its motions, print the numbers and return what `gait.json` holds.

    Raises:
        RefusedError: The run or checkpoint does not exist, or the run does not follow a motion.
    """
    from rl_pipeline.run.gait.evaluation import N_WALKS, evaluate_gait, summary

    folder, checkpoint = chosen(run_name, checkpoint_name)
    found = evaluate_gait(folder, checkpoint, n_walks=n_walks or N_WALKS, seed=seed)
    for name, numbers in found.report["motions"].items():
        print(f"{name}\n{summary(numbers)}")
    for file in (*found.files, found.folder / "gait.json"):
        print(file)
    return found.report
