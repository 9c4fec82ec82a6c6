"""`rl-pipeline distill`: train one policy on the rollouts of others."""

import argparse

from rl_pipeline.commands import train

NAME = "distill"
HELP = "train one policy on files of `rl-pipeline collect`, or resume such a training"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line, which is that of `train`."""
    train.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Train with `training.algorithm: distillation`."""
    if options.config is not None:
        options.overrides = ["training.algorithm=distillation", *options.overrides]
    return train.run(options)
