"""How a command says no."""


class RefusedError(Exception):
    """A command that cannot be carried out as it was given (exit status 2); the text says what to change."""


class CommandFailedError(Exception):
    """A command that broke down while it ran (exit status 1); the text says why and what is left."""
