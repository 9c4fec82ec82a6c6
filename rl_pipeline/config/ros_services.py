"""The section of `environment` that describes simulations behind ROS services."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from rl_pipeline.config.backend import Backend, Traits, WhatAndKey
from rl_pipeline.config.section import NonNegative, Text

Seconds = Annotated[float, Field(gt=0)]


class RosServices(Backend):
    """Simulations behind ROS services; `ros_ws` has a node that serves any of our environments like this."""

    maker: ClassVar[str] = "rl_pipeline.envs.ros:make_ros_vector_env"

    simulations: Annotated[list[Text], Field(min_length=1)] = ["/simulation"]  # noqa: RUF012  (pydantic copies it)
    """Names of the simulation nodes, e.g. '/simulation'; the environments are divided among them."""
    adapter: Text | None = None
    """Your own class, as path/to/file.py:Class, for a simulation with its own services for step and reset. The class
    names the services, so `simulations` is ignored."""
    timeout: Seconds = 10.0
    """Seconds that a simulation may take to answer."""
    retries: NonNegative = 2
    """Number of times that an unanswered request is repeated; a step is never executed twice."""
    startup_timeout: Seconds = 60.0
    """Seconds to wait for a simulation that is not available, at the start and after it died."""
    max_restarts: NonNegative = 3
    """Total number of times that the training reconnects to simulations that died and came back."""

    @property
    def traits(self) -> Traits:
        """See `Backend.traits`."""
        is_robot = self.adapter is not None
        return Traits(renders=not is_robot, exact_state=not is_robot, existing_robots=is_robot)

    def reached(self) -> Iterator[WhatAndKey]:
        """See `Backend.reached`."""
        yield f"calls of the ROS services of {', '.join(self.simulations)}", "simulations"
