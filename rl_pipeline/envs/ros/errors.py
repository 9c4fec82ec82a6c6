"""What can go wrong with environments behind ROS."""

from rl_pipeline.envs.errors import WorkerError


class SimulationError(WorkerError):
    """A simulation behind ROS failed."""


class SimulationMissingError(SimulationError):
    """No simulation of that name is on the network."""


class SimulationTimeoutError(SimulationError, TimeoutError):
    """A simulation that is there did not answer in time."""


class SimulationLostError(SimulationError):
    """A simulation died, or came back without the environments that it had."""


class MalformedReplyError(SimulationError):
    """A simulation answered with values of the wrong size, or with NaN."""
