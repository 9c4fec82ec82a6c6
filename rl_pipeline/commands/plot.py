"""`rl-pipeline plot`: draw the learning curves of one or more runs."""

import argparse
from pathlib import Path

from rl_pipeline.commands.run_arguments import add_runs, named_runs

NAME = "plot"
HELP = "draw the learning curves of runs, with the seeds of an experiment as one curve with a band"
FORMATS = (".png", ".jpg", ".pdf", ".svg")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    add_runs(parser)
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
        help="horizontal axis: timesteps, or minutes of training, evaluations included (default timesteps)",
    )
    parser.add_argument(
        "--key",
        default="eval/mean_reward",
        help="column, or a part of its name such as `speed` for episode/speed_mean (default eval/mean_reward)",
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

    folders = [run.path for run in named_runs(options.run_names)]
    plot_runs(folders, options.out, key=options.key, x=options.x)
    print(options.out)
