"""Arguments shared by the commands that use a finished run."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rl_pipeline.run.checkpoints import Checkpoint
    from rl_pipeline.run.folder import RunFolder

RUN_HELP = "a run's folder, its name under experiments/, or wandb:entity/project/id"


def add_run(parser: argparse.ArgumentParser) -> None:
    """Declare the run and its checkpoint."""
    parser.add_argument("run_name", metavar="RUN", help=RUN_HELP)
    parser.add_argument(
        "--checkpoint", metavar="best|final|init|STEP", help="default: the best, otherwise the newest"
    )
    add_trust(parser)


def add_runs(parser: argparse.ArgumentParser, *, default: str = "") -> None:
    """Declare several runs.

    Args:
        parser: Gets the argument.
        default: Description of the runs that are used if none is named; without it, at least one must be named.
    """
    text = f"{RUN_HELP}; an experiment's name selects all its seeds"
    parser.add_argument(
        "run_names",
        nargs="*" if default else "+",
        metavar="RUN",
        help=f"{text} (default: {default})" if default else text,
    )


def named_runs(run_names: "Iterable[str]") -> "list[RunFolder]":
    """Find the runs that `add_runs` declared, all seeds of each experiment."""
    from rl_pipeline.run.locate import find_seeds

    return [run for name in run_names for run in find_seeds(name)]


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Declare overrides of the environment in which a policy acts."""
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="key=value",
        help="changes of `environment` or `evaluation`, e.g. environment.kwargs.target_speed=1.0 or "
        "environment.randomization=null",
    )


def add_trust(parser: argparse.ArgumentParser) -> None:
    """Declare the consent to execute code of a downloaded run; `rl_pipeline.cli` passes it on."""
    parser.add_argument(
        "--trust-code",
        action="store_true",
        help="execute the code and programs of a downloaded run; use it only for runs that you trust like a program",
    )


def refuse_window_with_film(options: argparse.Namespace) -> None:
    """Refuse `--render human` together with `--video`.

    Raises:
        RefusedError: Both are given.
    """
    if options.render == "human" and options.video is not None:
        raise RefusedError(
            "--render human opens a window, --video writes a film, and an environment renders only one; leave "
            "one out"
        )


def chosen(run_name: str, checkpoint: str | None) -> "tuple[RunFolder, Checkpoint]":
    """Find the run and the checkpoint that the user names; None selects the best, otherwise the newest."""
    from rl_pipeline.run.locate import choose_checkpoint, find_run

    run = find_run(run_name)
    chosen_checkpoint = choose_checkpoint(run, checkpoint)
    tell_code(run)
    return run, chosen_checkpoint


def tell_code(run: "RunFolder") -> None:
    """Print to stderr which of its own code and programs a run executes, if any.

    Raises:
        ConfigError: The run's configuration does not load, or it was downloaded and its code is not trusted.
    """
    from rl_pipeline.run.executed_code import executed_by
    from rl_pipeline.run.trained_policy import stored_config
    from rl_pipeline.run.trust import require_trust

    config = stored_config(run)
    require_trust(config, run.path)
    listed = ", ".join(str(executed).replace(f"{run.path}/", "") for executed in executed_by(config))
    if listed:
        print(f"This run uses its own code: {listed}", file=sys.stderr)


def check_folder(file: Path) -> None:
    """Refuse a file that `--out` names in a folder that does not exist.

    Raises:
        RefusedError: The folder does not exist.
    """
    if not file.parent.is_dir():
        raise RefusedError(f"--out: the folder {file.parent.resolve()} does not exist; create it first")


def check_targets(file: Path, *others: Path, force: bool) -> None:
    """Refuse files that cannot be written, or that exist unless they may be replaced.

    Args:
        file: What `--out` names.
        others: Files that are written beside it.
        force: Whether files may be replaced.

    Raises:
        RefusedError: The folder does not exist, or a file of one of these names does.
    """
    check_folder(file)
    refuse_existing([file, *others], force=force, remedy="give another --out")


def refuse_existing(files: "Iterable[Path]", *, force: bool, remedy: str) -> None:
    """Refuse files that exist unless they may be replaced.

    Args:
        files: The files to write.
        force: Whether files may be replaced.
        remedy: Another remedy, for the message.

    Raises:
        RefusedError: A file of one of these names exists.
    """
    existing = [str(path) for path in files if path.exists()]
    if existing and not force:
        raise RefusedError(f"would replace {' and '.join(existing)}; {remedy}, or add --force")
