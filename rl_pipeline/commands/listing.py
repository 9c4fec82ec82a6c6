"""`rl-pipeline list`: list environments, algorithms, feature extractors or runs."""

import argparse
from collections.abc import Callable

from rl_pipeline.commands import list_runs

NAME = "list"
HELP = "list environments, algorithms, feature extractors or runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    kinds = parser.add_subparsers(dest="what", required=True, metavar="|".join((*LISTS, "runs")))
    for name, lines in LISTS.items():
        kinds.add_parser(name, help=lines.__doc__, description=lines.__doc__)
    description = (
        "List the runs below experiments/ with date, seed, timesteps, minutes, best return and status."
    )
    list_runs.add_arguments(kinds.add_parser("runs", help=description, description=description))


def run(options: argparse.Namespace) -> None:
    """Print one name per line, or the table of runs."""
    if options.what == "runs":
        list_runs.run(options)
        return
    for line in LISTS[options.what]():
        print(line)


def environments() -> list[str]:
    """List the available environments."""
    from rl_pipeline.envs.registry import list_environments

    return list_environments()


def algorithms() -> list[str]:
    """List the algorithms and the action spaces in which they act."""
    from rl_pipeline.learners.sb3.registry import ALGORITHMS

    return [
        f"{name:14s} {', '.join(space.__name__ for space in algorithm.action_spaces)}"
        for name, algorithm in sorted(ALGORITHMS.items())
    ]


def extractors() -> list[str]:
    """List the registered feature extractors."""
    from rl_pipeline.models.registry import FEATURE_EXTRACTORS

    return sorted(FEATURE_EXTRACTORS)


LISTS: dict[str, Callable[[], list[str]]] = {
    "envs": environments,
    "algorithms": algorithms,
    "extractors": extractors,
}
