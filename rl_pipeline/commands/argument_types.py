"""Types of values on the command line."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path

MAX_PORT = 65535
MAX_SEEDS = 1000
"""Maximum number of trainings of one command line."""


def natural(text: str) -> int:
    """Parse a non-negative integer."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' must be a non-negative integer")
    if len(text) > 18:
        raise argparse.ArgumentTypeError(f"'{text[:20]}...' is too large")
    return int(text)


def seed(text: str) -> int:
    """Parse a seed; NumPy's generator takes 32 bits."""
    number = natural(text)
    if number >= 2**32:
        raise argparse.ArgumentTypeError(f"must be at most {2**32 - 1}")
    return number


def positive(text: str) -> int:
    """Parse a positive integer."""
    number = natural(text)
    if number == 0:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def tcp_port(text: str) -> int:
    """Parse the number of a TCP port."""
    number = positive(text)
    if number > MAX_PORT:
        raise argparse.ArgumentTypeError(f"must be at most {MAX_PORT}")
    return number


def positive_number(text: str) -> float:
    """Parse a finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"'{text}' must be a number above 0")
    return number


def path_ending_in(suffix: str) -> Callable[[str], Path]:
    """Return a type that parses the name of a file to write, with an extension such as `.mp4`."""

    def parse(text: str) -> Path:
        path = Path(text).expanduser()
        if path.suffix != suffix:
            raise argparse.ArgumentTypeError(f"'{text}' must end in {suffix}")
        return path

    return parse


def seeds(text: str) -> list[int]:
    """Parse seeds such as `0-4` or `0,7`."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        start, stop = seed(first), seed(last or first) + 1
        if not 0 < stop - start <= MAX_SEEDS:
            raise argparse.ArgumentTypeError(
                f"'{part}' must be a range of 1 to {MAX_SEEDS} seeds, such as 0-4"
            )
        found.extend(range(start, stop))
    if len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"'{text}' names a seed twice")
    return found
