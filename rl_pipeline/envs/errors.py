"""Errors of environments that are already running."""

from rl_pipeline.errors import FAILED, UserError


class WorkerError(UserError, RuntimeError):
    """An environment in a worker process failed, or the process itself died once too often.

    Attributes:
        environment: index of the environment that failed, None when the whole worker is concerned.
    """

    exit_status = FAILED

    def __init__(self, message: str, environment: int | None = None) -> None:
        super().__init__(message)
        self.environment = environment


class WorkerAttributeError(WorkerError, AttributeError):
    """An environment in a worker process has no attribute of that name."""


class StepTimeoutError(UserError, RuntimeError):
    """An environment in this process does not return from a step, although somebody has asked to stop."""

    exit_status = FAILED


class WorkerDiedError(WorkerError):
    """A worker process ended without being asked to."""


class SimulationError(WorkerError):
    """A simulation in another program failed."""


class SimulationMissingError(SimulationError):
    """No simulation of that name is reachable."""


class SimulationTimeoutError(SimulationError, TimeoutError):
    """A simulation that is reachable did not answer in time."""


class SimulationLostError(SimulationError):
    """A simulation died, or came back without the environments that it had."""


class MalformedReplyError(SimulationError):
    """A simulation answered with values of the wrong size, or with NaN."""


class CannotRestoreError(Exception):
    """An environment that cannot be put into a saved state, and why."""
