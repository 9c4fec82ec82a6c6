"""The command `rl-pipeline`."""

import argparse
from collections.abc import Sequence
from importlib.util import find_spec

from rl_pipeline import __version__
from rl_pipeline.commands import add_commands
from rl_pipeline.commands.exit_status import exit_status, log_to_terminal
from rl_pipeline.errors import RefusedError


def make_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(prog="rl-pipeline", description="Train robot policies from YAML files.")
    parser.add_argument("--version", action="version", version=f"rl-pipeline {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_commands(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: The command line without the program's name; by default, that of this process.

    Returns:
        The exit status, as `commands/exit_status.py` lists them.
    """
    log_to_terminal()
    options = parse(make_parser(), arguments)
    return exit_status(f"rl-pipeline {options.command}", lambda: _carry_out(options))


def parse(parser: argparse.ArgumentParser, arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse a command line with overrides at any position; argparse accepts only those before the first option."""
    options, rest = parser.parse_known_args(arguments)
    overrides = [word for word in rest if "=" in word and not word.startswith("-")]
    if rest != overrides or (rest and not hasattr(options, "overrides")):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        options.overrides = [*options.overrides, *rest]
    return options


def _carry_out(options: argparse.Namespace) -> int | None:
    try:
        return _run(options)
    except ModuleNotFoundError as error:
        if find_spec("torch") is not None:
            raise
        message = (
            f"it needs {error.name}, which belongs to the training stack; pip install 'rl-pipeline[train]'"
        )
        raise RefusedError(message) from error


def _run(options: argparse.Namespace) -> int | None:
    if not getattr(options, "trust_code", False):
        return options.run(options)
    from rl_pipeline.run.trust import trusting_code

    with trusting_code(True):
        return options.run(options)
