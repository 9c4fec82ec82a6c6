"""Errors with a message for the user: what is wrong, where, what is valid, what to do."""

from typing import ClassVar

REFUSED, FAILED, BUSY = 2, 1, 75
"""Exit statuses: nothing was started; failed while running; try again later (EX_TEMPFAIL of sysexits.h)."""


class UserError(Exception):
    """Base class of every error that a command or node prints without a traceback.

    Attributes:
        exit_status: Exit status of the command or node.
    """

    exit_status: ClassVar[int] = REFUSED

    def text(self) -> str:
        """Return the message and the notes that callers added to it."""
        return "\n".join([str(self), *getattr(self, "__notes__", [])])


class RefusedError(UserError):
    """A command that is refused before it starts; the message says what to change."""


class CommandFailedError(UserError):
    """A command that failed while it ran; the message says why, and what was kept."""

    exit_status = FAILED
