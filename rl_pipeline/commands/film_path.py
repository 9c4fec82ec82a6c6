"""Names of films on the command line."""

import argparse
from pathlib import Path


def film_path(text: str) -> Path:
    """Parse the name of a film to write."""
    path = Path(text).expanduser()
    if path.suffix != ".mp4":
        raise argparse.ArgumentTypeError(f"'{text}' must end in .mp4")
    return path
