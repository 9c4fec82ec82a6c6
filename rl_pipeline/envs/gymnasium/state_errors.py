"""Why the state of an environment cannot be put back."""


class CannotRestoreError(Exception):
    """A saved state does not fit the environment that it is to be restored into."""
