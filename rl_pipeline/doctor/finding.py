"""One line of a diagnosis."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        subject: What was looked at, e.g. `disk`.
        level: `ok`; `warning` for what only some users need; `error` for what stops every training.
        text: What was found.
        remedy: What to do about it; empty when all is well.
    """

    subject: str
    level: Level
    text: str
    remedy: str = ""
