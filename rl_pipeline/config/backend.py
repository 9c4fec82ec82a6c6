"""Base class of the backend sections: factory path, capabilities, and the keys of `environment` that are read."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from rl_pipeline.config.section import Section

WhatAndKey = tuple[str, str]
"""Something that a section causes, in words, and the key below the section that says so."""


@dataclass(frozen=True, kw_only=True)
class Traits:
    """Properties of the environments of a backend, for a given configuration."""

    renders: bool
    """It makes pictures of them."""
    exact_state: bool
    """They are deterministic, and checkpoints can hold their state, so a resumed training continues episodes."""
    in_process: bool = False
    """They are simulated in this process or its workers, so one more of them concerns nobody else."""
    real_time: bool = False
    """They do not wait: time passes between two steps, for instance while the policy is updated."""
    started_by_hand: bool = False
    """Somebody starts the programs with the environments, which are there once and in a fixed number."""
    existing_robots: bool = False
    """They exist elsewhere, so there are never more of them than the file says."""


class Backend(Section, ABC):
    """The section of a backend below `environment`, where it has one, and what the rest of the stack asks about it.

    A class without fields stands for a backend without a section.
    """

    maker: ClassVar[str]
    """What makes the environments, as package.module:function: called with the section `environment`, their number
    and the render mode. It is imported when the backend is used, since it brings a simulator or ROS with it."""
    keys: ClassVar[tuple[str, ...]] = ()
    """Keys of `environment` that this backend alone reads, besides its section."""
    has_workers: ClassVar[bool] = False
    """Whether worker processes can share its environments (`environment.n_workers`)."""

    @property
    @abstractmethod
    def traits(self) -> Traits:
        """Properties of its environments."""

    def executed(self) -> Iterator[WhatAndKey]:
        """Yield programs and runs that the section executes; class paths are found without its help."""
        yield from ()

    def reached(self) -> Iterator[WhatAndKey]:
        """Yield what the section commands on the network, and what it opens to it."""
        yield from ()


class Gymnasium(Backend):
    """Environments of Gymnasium in this process or in worker processes."""

    maker: ClassVar[str] = "rl_pipeline.envs.gymnasium.factory:make_gymnasium_vector_env"
    has_workers: ClassVar[bool] = True

    @property
    def traits(self) -> Traits:
        """See `Backend.traits`."""
        return Traits(renders=True, exact_state=True, in_process=True)


class Mujoco(Backend):
    """Batches of MuJoCo simulations in this process."""

    maker: ClassVar[str] = "rl_pipeline.envs.mujoco:make_mujoco_vector_env"
    keys: ClassVar[tuple[str, ...]] = ("randomization",)

    @property
    def traits(self) -> Traits:
        """See `Backend.traits`."""
        return Traits(renders=True, exact_state=True, in_process=True)
