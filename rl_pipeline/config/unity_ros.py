"""The section of `environment` for Unity programs that connect over ROS-TCP."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rl_pipeline.config.backend import Backend, Traits, WhatAndKey
from rl_pipeline.config.section import NonNegative, Positive, Text

Seconds = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65535)]
ServicePrefix = Annotated[str, Field(pattern=r"^/?[A-Za-z][A-Za-z0-9_/]*$")]


LOOPBACK = ("127.0.0.1", "::1", "localhost")


class UnityRos(Backend):
    """Unity programs that connect to the training, which is their ROS-TCP endpoint."""

    maker: ClassVar[str] = "rl_pipeline.envs.unity_ros:make_unity_ros_vector_env"

    build_path: Text | None = None
    """Executable of the build to start; null: programs are started by hand and connect to `port`."""
    arguments: list[str] = Field(default_factory=list)
    """Further command-line arguments of the build."""
    headless: bool = True
    """Start the build without graphics."""
    n_instances: Positive = 1
    """Number of Unity programs, which share the environments; each has its own port."""
    address: Text = "127.0.0.1"
    """Address to listen on, IPv4 or IPv6."""
    port: Port = 10000
    """Port of the first program, incremented for the others; 0: free ports, for builds that the training starts."""
    prefix: ServicePrefix = "/unity"
    """Prefix of the services' names."""
    services: Literal["batch", "each"] = "batch"
    """`batch`: a program has one set of services, `<prefix>/step`; `each`: each of its environments has its own,
    `<prefix>_<number>/step`."""
    timeout: Seconds = 10.0
    """Time limit in seconds for an answer, after which a program counts as dead."""
    startup_timeout: Seconds = 60.0
    """Time limit in seconds for a program to connect and offer its services."""
    mirror_rate: Annotated[float, Field(ge=0)] = 0.0
    """Maximum messages per second of each topic of the first program that are forwarded to ROS 2; 0: none."""
    max_restarts: NonNegative = 3
    """Total number of restarts of programs that died or stalled."""

    @property
    def traits(self) -> Traits:
        """See `Backend.traits`."""
        return Traits(renders=True, exact_state=False, started_by_hand=self.build_path is None)

    def executed(self) -> Iterator[WhatAndKey]:
        """See `Backend.executed`."""
        if self.build_path is not None:
            yield self.build_path, "build_path"

    def reached(self) -> Iterator[WhatAndKey]:
        """See `Backend.reached`."""
        if self.address not in LOOPBACK:
            yield f"a server that listens on {self.address}:{self.port}", "address"
