"""Base class of the backend sections: factory path, capabilities, and the keys of `environment` that it reads."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from rl_pipeline.config.section import Section

WhatAndKey = tuple[str, str]
"""A description of something that a section causes, and the key below the section that causes it."""


@dataclass(frozen=True, kw_only=True)
class Traits:
    """Properties of the environments of a backend, for a given configuration."""

    renders: bool
    """The backend can render them."""
    exact_state: bool
    """They are deterministic, and checkpoints can hold their state, so a resumed training continues episodes."""
    in_process: bool = False
    """They are simulated in this process or its workers, so more of them can be made at any time."""
    real_time: bool = False
    """Time passes in them between two steps, for instance while the policy is updated."""
    started_by_hand: bool = False
    """A person starts the programs with the environments. There is one set of them, of a fixed size."""
    existing_robots: bool = False
    """They exist outside the training, so there are never more of them than the file says."""


class Backend(Section, ABC):
    """The section of a backend below `environment`, if it has one, and its properties for the rest of the stack.

    A class without fields represents a backend without a section.
    """

    maker: ClassVar[str]
    """Function that makes the environments, as package.module:function. It is called with the section `environment`,
    their number and the render mode, and imported on first use, since it imports a simulator or ROS."""
    keys: ClassVar[tuple[str, ...]] = ()
    """Keys of `environment` that only this backend reads, besides its section."""
    has_workers: ClassVar[bool] = False
    """Whether worker processes can share its environments (`environment.n_workers`)."""

    @property
    @abstractmethod
    def traits(self) -> Traits:
        """Properties of its environments."""

    def executed(self) -> Iterator[WhatAndKey]:
        """Yield programs and runs that the section executes, without class paths, which are found separately."""
        yield from ()

    def reached(self) -> Iterator[WhatAndKey]:
        """Yield the commands that the section sends over the network, and the ports that it opens."""
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
