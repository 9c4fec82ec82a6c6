"""Numbers on the command line."""

import argparse


def natural(text: str) -> int:
    """Parse a whole number from 0."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 0")
    return int(text)


def positive(text: str) -> int:
    """Parse a whole number from 1."""
    number = natural(text)
    if number == 0:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
