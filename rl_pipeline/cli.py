"""The command `rl-pipeline`.

Exit status: 0 done, 1 failed while running, 2 refused before starting, 130 stopped by a second Ctrl-C.
"""

import argparse
import logging
import sys
import warnings
from collections.abc import Sequence

from rl_pipeline.commands import add_commands
from rl_pipeline.commands.errors import CommandFailedError, RefusedError
from rl_pipeline.config.errors import ConfigError

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130


def make_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(prog="rl-pipeline", description="Train robot policies from YAML files.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_commands(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: The command line without the program's name; that of this process by default.

    Returns:
        The exit status.
    """
    warnings.formatwarning = lambda message, *_, **__: str(message)  # not the line of our code that warns
    logging.captureWarnings(True)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    options = make_parser().parse_args(arguments)
    try:
        return options.run(options) or DONE
    except ConfigError as error:
        print(f"{error}\n{_count(error)}", file=sys.stderr)
        return REFUSED
    except RefusedError as error:
        print(f"rl-pipeline {options.command}: {error}", file=sys.stderr)
        return REFUSED
    except (CommandFailedError, OSError) as error:
        print(f"rl-pipeline {options.command} failed: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("stopped at once", file=sys.stderr)
        return INTERRUPTED


def _count(error: ConfigError) -> str:
    count = len(error.problems)
    return f"{count} problem{'s' if count > 1 else ''}; nothing was started"
