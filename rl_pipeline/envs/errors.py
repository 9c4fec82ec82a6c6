"""Errors of environments that are already running."""

from rl_pipeline.errors import FAILED, UserError


class WorkerError(UserError, RuntimeError):
    """Raised when an environment in a worker process failed, or when the process died too often.

    Attributes:
        environment: index of the environment that failed; None if the whole worker failed.
    """

    exit_status = FAILED

    def __init__(self, message: str, environment: int | None = None) -> None:
        super().__init__(message)
        self.environment = environment


class WorkerAttributeError(WorkerError, AttributeError):
    """Raised when an environment in a worker process does not have an attribute."""


class StepTimeoutError(UserError, RuntimeError):
    """Raised when an environment in this process does not return from a step after a request to stop."""

    exit_status = FAILED


class WorkerDiedError(WorkerError):
    """Raised when a worker process ended unexpectedly."""


class SimulationError(WorkerError):
    """Raised when a simulation in another program failed."""


class SimulationMissingError(SimulationError):
    """Raised when no simulation of this name is reachable."""


class SimulationTimeoutError(SimulationError, TimeoutError):
    """Raised when a reachable simulation did not answer in time."""


class SimulationLostError(SimulationError):
    """Raised when a simulation died, or came back without its environments."""


class MalformedReplyError(SimulationError):
    """Raised when a simulation answered with values of the wrong size, or with NaN."""


class CannotRestoreError(Exception):
    """Raised when a saved state cannot be restored in an environment; the message says why."""
