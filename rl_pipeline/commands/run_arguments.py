"""What the commands that look at a finished run have in common."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rl_pipeline.commands.errors import CommandFailedError, RefusedError

if TYPE_CHECKING:
    from rl_pipeline.run.checkpoints import Checkpoint
    from rl_pipeline.run.folder import RunFolder

RUN_HELP = "a run's folder, its name under experiments/, or wandb:entity/project/id"


def add_run(parser: argparse.ArgumentParser) -> None:
    """Declare the run and its checkpoint."""
    parser.add_argument("run_name", metavar="RUN", help=RUN_HELP)
    parser.add_argument(
        "--checkpoint", metavar="best|final|init|STEP", help="by default the best, else the newest"
    )


def chosen(run_name: str, checkpoint: str | None) -> "tuple[RunFolder, Checkpoint]":
    """Find the run and the checkpoint that the user names; None is the best, else the newest."""
    from rl_pipeline.run.locate import choose_checkpoint, find_run

    with refusing():
        run = find_run(run_name)
        return run, choose_checkpoint(run, checkpoint)


@contextmanager
def refusing() -> Iterator[None]:
    """Turn a run or checkpoint that is not there, or damaged, into a refusal of the command.

    Raises:
        RefusedError: There is no such run, checkpoint, renderer or display.
        CommandFailedError: A film could not be written.
    """
    from rl_pipeline.rendering.film import FilmError
    from rl_pipeline.rendering.gl import RenderingUnavailable
    from rl_pipeline.run.checkpoints import CheckpointError
    from rl_pipeline.run.locate import NotFoundError

    try:
        yield
    except (NotFoundError, CheckpointError, RenderingUnavailable) as error:
        raise RefusedError(str(error)) from error
    except FilmError as error:
        raise CommandFailedError(str(error)) from error
