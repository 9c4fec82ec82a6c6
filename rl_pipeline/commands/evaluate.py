"""`rl-pipeline eval`: evaluate a finished policy."""

import argparse

from rl_pipeline.commands.number import natural, positive
from rl_pipeline.commands.run_arguments import add_run, chosen, refusing

NAME = "eval"
HELP = "evaluate a run's policy and write eval.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    add_run(parser)
    parser.add_argument(
        "--episodes", type=positive, help="number of episodes; by default the configuration's"
    )
    parser.add_argument(
        "--seed", type=natural, help="seed of the environments; by default the configuration's"
    )


def run(options: argparse.Namespace) -> None:
    """Evaluate and print the result."""
    from rl_pipeline.run.final_evaluation import evaluate_checkpoint

    folder, checkpoint = chosen(options)
    with refusing():
        report = evaluate_checkpoint(folder, checkpoint, n_episodes=options.episodes, seed=options.seed)
    for name, value in report.items():
        if isinstance(value, float):
            print(f"{name:24s} {value:.4g}")
    count = len(report["returns"])
    print(f"{count} episodes of checkpoint '{checkpoint.name}'; written to {folder.path / 'eval.json'}")
