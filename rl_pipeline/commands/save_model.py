"""`rl-pipeline save-model`: a policy as files that stock Stable-Baselines3 loads."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.commands.run_arguments import add_run, chosen
from rl_pipeline.errors import RefusedError

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
        type=model_path,
        required=True,
        metavar="OUT.zip",
        help="the model to write; OUT_vecnormalize.pkl is written beside it",
    )
    parser.add_argument("--force", action="store_true", help="replace files that exist")


def model_path(text: str) -> Path:
    """Parse the name of a model to write."""
    path = Path(text).expanduser()
    if path.suffix != ".zip":
        raise argparse.ArgumentTypeError(f"'{text}' must end in .zip")
    return path


def run(options: argparse.Namespace) -> None:
    """Save."""
    from rl_pipeline.run.saved_policy import save_policy

    folder, checkpoint = chosen(options.run_name, options.checkpoint)
    check_target(options.out, force=options.force)
    saved = save_policy(folder, checkpoint, options.out)
    print_saved(saved, checkpoint)


def check_target(model: Path, *, force: bool) -> None:
    """Refuse a file that cannot be written, or that exists unless it may be replaced.

    Raises:
        RefusedError: The folder does not exist, or a file of this name does.
    """
    from rl_pipeline.run.saved_policy import vec_normalize_beside

    if not model.parent.is_dir():
        raise RefusedError(f"--out: there is no folder {model.parent.resolve()}; make it first")
    existing = [str(path) for path in (model, vec_normalize_beside(model)) if path.exists()]
    if existing and not force:
        raise RefusedError(f"would replace {' and '.join(existing)}; give another --out, or add --force")


def print_saved(saved: "SavedPolicy", checkpoint: "Checkpoint") -> None:
    """Print what was written and what the policy needs besides."""
    print(f"{saved.model}  checkpoint '{checkpoint.name}' (timestep {checkpoint.timestep:,})")
    print(f"{saved.vec_normalize}  its running statistics")
    print(f"load them with {saved.loader}")
    if saved.wrappers:
        wrappers = ", ".join(
            f"{wrapper.name} {wrapper.arguments or ''}".strip() for wrapper in saved.wrappers
        )
        print(f"its environment needs the wrappers of the run, innermost first: {wrappers}")
