"""`rl-pipeline record`: film the learning."""

import argparse

from rl_pipeline.commands.argument_types import path_ending_in
from rl_pipeline.commands.run_arguments import RUN_HELP, add_overrides, add_trust, tell_code

NAME = "record"
HELP = "film the learning of a run, from its first checkpoint to its last"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("run_name", metavar="RUN", help=RUN_HELP)
    add_overrides(parser)
    parser.add_argument(
        "--checkpoints",
        default="all",
        metavar="all|NAME,NAME",
        help="checkpoints to film, in this order (default all)",
    )
    parser.add_argument("--video", type=path_ending_in(".mp4"), metavar="OUT.mp4", help="the film to write")
    add_trust(parser)


def run(options: argparse.Namespace) -> None:
    """Film the checkpoints one after the other."""
    from rl_pipeline.run.checkpoint_store import CheckpointStore
    from rl_pipeline.run.films import film_learning
    from rl_pipeline.run.locate import NotFoundError, choose_checkpoint, find_run
    from rl_pipeline.run.overrides import file_suffix

    folder = find_run(options.run_name)
    if options.checkpoints == "all":
        checkpoints = CheckpointStore(folder.checkpoints).history()
    else:
        checkpoints = [choose_checkpoint(folder, name) for name in options.checkpoints.split(",")]
    if not checkpoints:
        raise NotFoundError(f"{folder.path} has no checkpoint yet")
    tell_code(folder)
    film = options.video or folder.videos / f"learning{file_suffix(options.overrides)}.mp4"
    frames = film_learning(folder, checkpoints, film, overrides=options.overrides)
    print(f"{film} ({frames} frames, {len(checkpoints)} checkpoints)")
