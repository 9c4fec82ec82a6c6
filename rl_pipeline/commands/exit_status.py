"""Exit statuses of commands, and of the nodes that do the same.

0: done. 1: failed while running. 2: refused before starting. 75: another process trains this run. 130: stopped by
a second Ctrl-C. 141: the reader of the output has ended (shells report it for tools that SIGPIPE ends).
"""

import logging
import sys
import warnings
from collections.abc import Callable

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.errors import FAILED, REFUSED, UserError
from rl_pipeline.output import ReaderGoneError, guard_output

DONE, INTERRUPTED, UNREAD = 0, 130, 141


def log_to_terminal() -> None:
    """Print warnings, also logged ones, to stderr, without the source line that warns."""
    guard_output()
    warnings.formatwarning = lambda message, *_, **__: str(message)
    logging.captureWarnings(True)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)


def exit_status(name: str, run: Callable[[], int | None]) -> int:
    """Run a command for the user, and print to stderr why it failed.

    Args:
        name: Name of the command in messages, e.g. `rl-pipeline train`.
        run: Function that runs the command and returns its exit status, or None for 0.
    """
    try:
        status = _exit_status(name, run)
        if sys.stdout is not None:
            sys.stdout.flush()
    except ReaderGoneError:
        return UNREAD
    return status


def _exit_status(name: str, run: Callable[[], int | None]) -> int:
    try:
        return run() or DONE
    except ConfigError as error:
        print(f"{error}\n{_count(error)}", file=sys.stderr)
        return REFUSED
    except UserError as error:
        failed = " failed" if error.exit_status == FAILED else ""
        print(f"{name}{failed}: {error.text()}", file=sys.stderr)
        return error.exit_status
    except OSError as error:
        notes = getattr(error, "__notes__", [])
        print("\n".join([f"{name} failed: {error}", *notes]), file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("stopped at once", file=sys.stderr)
        return INTERRUPTED


def _count(error: ConfigError) -> str:
    count = len(error.problems)
    return f"{count} problem{'s' if count > 1 else ''}; nothing was started"
