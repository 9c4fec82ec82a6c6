"""Problems of a configuration, described so that the reader can fix them."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal

from rl_pipeline.errors import UserError

MAX_VALID_SHOWN = 30
MAX_VALUE_LENGTH = 200


class _Missing(Enum):
    MISSING = "MISSING"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final[Literal[_Missing.MISSING]] = _Missing.MISSING
"""Represents "no value", where None would be a value."""


def nearest(value: str, choices: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the choice that is spelt most like `value`, or None when nothing comes close.

    Args:
        value: the text that the user wrote.
        choices: the valid values; the comparison ignores upper and lower case.
        cutoff: the least similarity of a match, from 0 to 1.
    """
    by_lower_case = {choice.lower(): choice for choice in choices}
    matches = difflib.get_close_matches(value.lower(), by_lower_case, n=1, cutoff=cutoff)
    return by_lower_case[matches[0]] if matches else None


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a configuration."""

    key: str
    """Dotted key path, e.g. `training.algorithm_parameters.gamma`; empty for the file as a whole."""
    message: str
    """Description of the problem, as a sentence without a full stop."""
    value: Any = MISSING
    """The bad value, if there is one."""
    valid: Sequence[str] = field(default=())
    """The values that would be valid."""
    nearest: str | None = None
    """The valid value that was probably meant."""
    remedy: str | None = None
    """How to fix it."""
    place: str | None = None
    """Location of the key: `file:line`, `file`, or `command line`."""

    def __str__(self) -> str:
        """Return the problem as one readable block of lines."""
        head = ": ".join(part for part in (self.place, self.key, self.message) if part)
        details: list[tuple[str, str | None]] = [
            ("value", None if self.value is MISSING else _shortened(repr(self.value))),
            ("valid", _listed(self.valid)),
            ("did you mean", f"{self.nearest} ?" if self.nearest else None),
            ("remedy", self.remedy),
        ]
        return "\n".join([head, *(f"    {label}: {text}" for label, text in details if text is not None)])


class ConfigError(UserError):
    """Raised when a configuration is refused; `problems` holds all problems, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """Return one block of lines for each problem."""
        return "\n".join(str(problem) for problem in self.problems)


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 4] + " ..."


def _listed(valid: Sequence[str]) -> str | None:
    if not valid:
        return None
    shown = ", ".join(valid[:MAX_VALID_SHOWN])
    hidden = len(valid) - MAX_VALID_SHOWN
    return shown if hidden <= 0 else f"{shown}, ... ({hidden} more)"
