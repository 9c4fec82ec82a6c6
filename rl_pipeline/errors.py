"""Errors whose text is written for the user: what is wrong, where, what is valid, what to do."""

from typing import ClassVar

REFUSED, FAILED, BUSY = 2, 1, 75
"""Exit statuses: nothing was started; it broke down while it ran; try again later (EX_TEMPFAIL of sysexits.h)."""


class UserError(Exception):
    """Base class of every error that a command or node prints without a traceback.

    Attributes:
        exit_status: Exit status of the command or node.
    """

    exit_status: ClassVar[int] = REFUSED

    def text(self) -> str:
        """Return the message and the notes that were added to it on its way."""
        return "\n".join([str(self), *getattr(self, "__notes__", [])])


class RefusedError(UserError):
    """A command that cannot be carried out as it was given; the text says what to change."""


class CommandFailedError(UserError):
    """A command that broke down while it ran; the text says why and what is left."""

    exit_status = FAILED
