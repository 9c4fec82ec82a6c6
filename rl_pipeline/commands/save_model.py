"""`rl-pipeline save-model`: save a policy as files that stock Stable-Baselines3 loads."""

import argparse
from typing import TYPE_CHECKING

from rl_pipeline.commands.argument_types import path_ending_in
from rl_pipeline.commands.run_arguments import add_run, check_targets, chosen

if TYPE_CHECKING:
    from rl_pipeline.run.checkpoints import Checkpoint
    from rl_pipeline.run.saved_policy import SavedPolicy

NAME = "save-model"
HELP = "save a run's policy and its normalisation for stock Stable-Baselines3"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    add_run(parser)
    parser.add_argument(
        "--out",
        type=path_ending_in(".zip"),
        required=True,
        metavar="OUT.zip",
        help="the model to write; OUT_vecnormalize.pkl is written beside it",
    )
    parser.add_argument("--force", action="store_true", help="replace existing files")


def run(options: argparse.Namespace) -> None:
    """Save."""
    from rl_pipeline.run.saved_policy import save_policy, vec_normalize_beside

    folder, checkpoint = chosen(options.run_name, options.checkpoint)
    check_targets(options.out, vec_normalize_beside(options.out), force=options.force)
    saved = save_policy(folder, checkpoint, options.out)
    print_saved(saved, checkpoint)


def print_saved(saved: "SavedPolicy", checkpoint: "Checkpoint") -> None:
    """Print the written files and what else the policy needs."""
    print(f"{saved.model}  checkpoint '{checkpoint.name}' (timestep {checkpoint.timestep:,})")
    print(f"{saved.vec_normalize}  its running statistics")
    print(f"load them with {saved.loader}")
    if saved.wrappers:
        wrappers = ", ".join(
            f"{wrapper.name} {wrapper.arguments or ''}".strip() for wrapper in saved.wrappers
        )
        print(f"its environment needs the wrappers of the run, innermost first: {wrappers}")
