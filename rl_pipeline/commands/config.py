"""`rl-pipeline config`: print the resolved configuration of a file, with the origin of every value."""

import argparse
from pathlib import Path

from rl_pipeline.commands.run_arguments import add_trust

NAME = "config"
HELP = "check a YAML file, and print the resolved configuration with the origin of every value"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("file", type=Path, help="the experiment's YAML file")
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="e.g. training.algorithm_parameters.gamma=0.98"
    )
    add_trust(parser)


def run(options: argparse.Namespace) -> None:
    """Check and print."""
    from rl_pipeline.config.explain import explain
    from rl_pipeline.config.loading import load_config
    from rl_pipeline.run.preflight import CHECKS
    from rl_pipeline.run.trust import require_trust_of_file

    require_trust_of_file(options.file, options.overrides)
    print(explain(load_config(options.file, options.overrides, checks=CHECKS)))
