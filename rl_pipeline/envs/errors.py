"""What can go wrong with environments that are already running."""


class WorkerError(RuntimeError):
    """An environment in a worker process failed, or the process itself died once too often.

    Attributes:
        environment: index of the environment that failed, None when the whole worker is concerned.
    """

    def __init__(self, message: str, environment: int | None = None) -> None:
        super().__init__(message)
        self.environment = environment


class WorkerAttributeError(WorkerError, AttributeError):
    """An environment in a worker process has no attribute of that name."""


class StepTimeoutError(RuntimeError):
    """An environment in this process does not return from a step, although somebody has asked to stop."""


class WorkerDiedError(WorkerError):
    """A worker process ended without being asked to."""
