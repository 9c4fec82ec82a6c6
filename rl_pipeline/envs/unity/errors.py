"""Errors in the messages of a Unity program."""

from rl_pipeline.envs.errors import WorkerError


class MessageError(ValueError):
    """A message whose content cannot be used; the text says what is wrong with it."""


class UnityMessageError(WorkerError):
    """A Unity program sent a message that cannot be used; the text names the program."""
