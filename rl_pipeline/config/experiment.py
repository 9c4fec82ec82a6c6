"""The section `experiment`."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from rl_pipeline.config.section import InvalidValueError, Section, Seed, Text

MAX_NAME_LENGTH = 200
"""A folder's name has at most 255 bytes on common file systems; the date of the run is appended to the name."""


def _folder_name(name: str) -> str:
    """Refuse names that cannot be a folder's name on Linux, macOS and Windows."""
    remedy = "use letters, digits, '-', '_' and spaces between them, e.g. 'walker-v2'"
    forbidden = sorted(set(re.findall(r'[/\\<>:"|?*\x00-\x1f]', name)))
    if forbidden:
        listed = " ".join(map(repr, forbidden))
        raise InvalidValueError(f"cannot be a folder's name, it holds {listed}", remedy=remedy)
    if not name or name != name.strip() or name.endswith("."):
        message = "cannot be a folder's name: it is empty, ends in a dot or has spaces around it"
        raise InvalidValueError(message, remedy=remedy)
    if len(name.encode()) > MAX_NAME_LENGTH:
        raise InvalidValueError(f"is longer than {MAX_NAME_LENGTH} bytes", remedy="shorten the name")
    return name


FolderName = Annotated[str, AfterValidator(_folder_name)]


class Experiment(Section):
    """Name and seed of the run."""

    name: FolderName = "experiment"
    """Name of the run; its folder is this name and the date."""
    seed: Seed = 0
    """Seed of everything random in the run; 0 is a seed like any other."""
    tags: list[str] = Field(default_factory=list)
    """Tags of the run, in run.json and in Weights & Biases."""
    folder: Text = "experiments"
    """Root folder of all runs."""
    keep: list[Text] = Field(default_factory=list)
    """Files and folders that your own code reads and that the run does not copy automatically: those that are read
    after the environment is made, or by a library in C."""
