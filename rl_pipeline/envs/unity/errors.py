"""Errors in the messages of a Unity program."""

from rl_pipeline.envs.errors import WorkerError


class MessageError(ValueError):
    """Raised when the content of a message is not valid; the error message says why."""


class UnityMessageError(WorkerError):
    """Raised when a Unity program sent a message that is not valid; the error message names the program."""
