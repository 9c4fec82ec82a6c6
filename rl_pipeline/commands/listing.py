"""`rl-pipeline list`: what there is to choose from."""

import argparse
from collections.abc import Callable

NAME = "list"
HELP = "list environments, algorithms, feature extractors or runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("what", choices=sorted(LISTS), help="what to list")


def run(options: argparse.Namespace) -> None:
    """Print one name a line."""
    for line in LISTS[options.what]():
        print(line)


def environments() -> list[str]:
    """List the environments that can be made here."""
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
    """List the feature extractors that have a name."""
    from rl_pipeline.models.registry import FEATURE_EXTRACTORS

    return sorted(FEATURE_EXTRACTORS)


def runs() -> list[str]:
    """List the runs below experiments/ with their status."""
    from rl_pipeline.run.conclusion import shown
    from rl_pipeline.run.folder import find_runs
    from rl_pipeline.run.locate import DEFAULT_ROOT
    from rl_pipeline.run.metadata import read_metadata

    return [
        f"{shown(run.path)}  {read_metadata(run).get('status', 'unknown')}" for run in find_runs(DEFAULT_ROOT)
    ]


LISTS: dict[str, Callable[[], list[str]]] = {
    "envs": environments,
    "algorithms": algorithms,
    "extractors": extractors,
    "runs": runs,
}
