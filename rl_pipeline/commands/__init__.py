"""The commands of `rl-pipeline`, one file each; they import their dependencies only when they run."""

import argparse

from rl_pipeline.commands import (
    bench,
    collect,
    config,
    deploy,
    dextgen,
    distill,
    doctor,
    evaluate,
    export,
    init,
    jobs,
    launch,
    listing,
    motions,
    operate,
    play,
    plot,
    record,
    replay,
    save_model,
    schema,
    sweep,
    tensorboard,
    train,
    unity,
)

COMMANDS = (
    init,
    train,
    sweep,
    jobs,
    distill,
    evaluate,
    play,
    record,
    plot,
    tensorboard,
    collect,
    save_model,
    export,
    deploy,
    operate,
    replay,
    motions,
    dextgen,
    listing,
    config,
    schema,
    launch,
    unity,
    bench,
    doctor,
)


def add_commands(parsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the parser of every command, with the command's function as the default of `run`."""
    for command in COMMANDS:
        parser = parsers.add_parser(command.NAME, help=command.HELP, description=command.HELP)
        command.add_arguments(parser)
        parser.set_defaults(run=command.run)
