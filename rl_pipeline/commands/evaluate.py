"""`rl-pipeline eval`: evaluate a trained policy."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rl_pipeline.commands.argument_types import path_ending_in, positive, seed
from rl_pipeline.commands.run_arguments import add_overrides, add_run, chosen, refuse_window_with_film
from rl_pipeline.errors import RefusedError

NAME = "eval"
HELP = "evaluate a run's policy and write eval.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    add_run(parser)
    add_overrides(parser)
    parser.add_argument(
        "--episodes", type=positive, help="number of episodes (default: from the configuration)"
    )
    parser.add_argument(
        "--seed", type=seed, help="seed of the environments (default: from the configuration)"
    )
    parser.add_argument(
        "--render", choices=["human"], help="show the episodes in a window, in one environment"
    )
    parser.add_argument(
        "--video",
        type=path_ending_in(".mp4"),
        metavar="OUT.mp4",
        help="film the episodes, in one environment",
    )
    parser.add_argument(
        "--gait",
        action="store_true",
        help="compare 20 walks from different phases with the reference motion: figure, CSV, JSON and film in gait/",
    )


def run(options: argparse.Namespace) -> None:
    """Evaluate and print the result."""
    refuse_window_with_film(options)
    chosen_ones = options.run_name, options.checkpoint, options.episodes, options.seed, options.overrides
    if not options.gait:
        evaluate_run(*chosen_ones, window=options.render == "human", film=options.video)
    elif options.render or options.video:
        raise RefusedError("--gait films every walk beside its reference; leave out --render and --video")
    else:
        evaluate_gait_of_run(*chosen_ones)


def evaluate_run(
    run_name: str,
    checkpoint_name: str | None,
    episodes: int | None,
    seed: int | None,
    overrides: Sequence[str] = (),
    *,
    window: bool = False,
    film: Path | None = None,
) -> dict[str, Any]:
    """Evaluate a run, print the result and return the content of `eval.json`; None takes the configuration's value.

    Raises:
        RefusedError: The run or the checkpoint does not exist.
        RenderingUnavailable: A window or film is requested, and this machine cannot render.
    """
    from rl_pipeline.run.final_evaluation import evaluate_checkpoint

    folder, checkpoint = chosen(run_name, checkpoint_name)
    report = evaluate_checkpoint(
        folder, checkpoint, n_episodes=episodes, seed=seed, overrides=overrides, window=window, film=film
    )
    for name, value in report.items():
        if isinstance(value, float):
            print(f"{name:24s} {value:.4g}")
    count = len(report["returns"])
    noun = "episode" if count == 1 else "episodes"
    print(f"{count} {noun} of checkpoint '{checkpoint.name}'; written to {folder.path / 'eval.json'}")
    if film is not None:
        print(film)
    return report


def evaluate_gait_of_run(
    run_name: str,
    checkpoint_name: str | None,
    n_walks: int | None,
    seed: int | None,
    overrides: Sequence[str] = (),
) -> dict[str, Any]:
    """Compare the walks of a run with its motions, print the numbers and return the content of `gait.json`.

    Raises:
        RefusedError: The run or checkpoint does not exist, or the run does not follow a motion.
    """
    from rl_pipeline.run.gait.evaluation import N_WALKS, evaluate_gait, summary

    folder, checkpoint = chosen(run_name, checkpoint_name)
    found = evaluate_gait(folder, checkpoint, n_walks=n_walks or N_WALKS, seed=seed, overrides=overrides)
    for name, numbers in found.report["motions"].items():
        print(f"{name}\n{summary(numbers)}")
    for file in (*found.files, found.folder / "gait.json"):
        print(file)
    return found.report
