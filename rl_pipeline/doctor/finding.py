"""One line of a diagnosis."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """Result of a check.

    Attributes:
        subject: Subject of the check, e.g. `disk`.
        level: `ok`; `warning` for problems of some users; `error` for problems that stop every training.
        text: Description.
        remedy: How to fix it; empty without a problem.
    """

    subject: str
    level: Level
    text: str
    remedy: str = ""
