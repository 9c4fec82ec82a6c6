"""`rl-pipeline plot`: learning curves of one or more runs."""

import argparse
from pathlib import Path

from rl_pipeline.commands.run_arguments import RUN_HELP

NAME = "plot"
HELP = "draw the learning curves of runs, the seeds of an experiment as one curve with a band"
FORMATS = (".png", ".jpg", ".pdf", ".svg")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        "run_names",
        nargs="+",
        metavar="RUN",
        help=f"{RUN_HELP}; an experiment's name stands for all its seeds",
    )
    parser.add_argument(
        "--out",
        type=picture_path,
        default=Path("curves.png"),
        help="the picture to write (default curves.png)",
    )
    parser.add_argument(
        "--x",
        choices=("timesteps", "minutes"),
        default="timesteps",
        help="what to draw over: timesteps, or minutes of training, evaluations included (default timesteps)",
    )
    parser.add_argument(
        "--key",
        default="eval/mean_reward",
        help="which column, or a part of its name such as `speed` for episode/speed_mean (default eval/mean_reward)",
    )


def picture_path(text: str) -> Path:
    """Parse the name of a picture to write."""
    path = Path(text).expanduser()
    if path.suffix.lower() not in FORMATS:
        raise argparse.ArgumentTypeError(f"'{text}' must end in one of {', '.join(FORMATS)}")
    return path


def run(options: argparse.Namespace) -> None:
    """Draw."""
    from rl_pipeline.plotting import plot_runs
    from rl_pipeline.run.locate import find_seeds

    folders = [run.path for name in options.run_names for run in find_seeds(name)]
    plot_runs(folders, options.out, key=options.key, x=options.x)
    print(options.out)
