"""A recorded episode, its origin, and the description of a file of episodes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.errors import UserError
from rl_pipeline.policies.observations import Observation
from rl_pipeline.policies.spec import PolicySpec

Start = Literal["start", "random"]
STARTS: tuple[Start, ...] = get_args(Start)
"""Start of a recording: the start of an episode, or a random point of it."""

Observed = Literal["raw", "seen"]
"""Observations of the environment, or those that the expert's networks saw after its wrappers."""


class RolloutFileError(UserError):
    """Raised for a file of rollouts that is missing, damaged, or of another kind; the message says what to do."""


@dataclass(frozen=True)
class Origin:
    """Origin of an episode. No two episodes of a file have the same origin.

    Attributes:
        expert: Name of the expert.
        start: Start of the recording.
        number: Counts the episodes with the same expert, start and noise, from 0.
        noise: Standard deviation of the Gaussian noise on the actions, in the units of the action.
    """

    expert: str
    start: Start
    number: int
    noise: float = 0.0


@dataclass(frozen=True)
class Episode:
    """An episode of T steps, or the rest of one from a random point on.

    Attributes:
        origin: Where it comes from.
        observations: T + 1 rows; the last one follows the last action. A dict of arrays for Dict observations.
        actions: The executed actions, (T, ...).
        means: The expert's actions without noise, (T, ...).
        rewards: (T,).
        values: The expert's estimates of the return from each observation but the last, (T,); None if it has
            no value function.
        advantages: Generalised advantage estimates, https://arxiv.org/abs/1506.02438, (T,), or None.
        terminated: Whether the task ended it.
        truncated: Whether a time limit ended it.
        seed: Seed of the environment and of the noise; None if the environment takes no seeds.
        prefix: Steps of the episode before the recording.
    """

    origin: Origin
    observations: Observation
    actions: NDArray[Any]
    means: NDArray[Any]
    rewards: NDArray[np.float64]
    values: NDArray[np.float32] | None = None
    advantages: NDArray[np.float32] | None = None
    terminated: bool = False
    truncated: bool = False
    seed: int | None = None
    prefix: int = 0

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.actions)

    @property
    def total_reward(self) -> float:
        """Undiscounted sum of the rewards."""
        return float(np.sum(self.rewards))


@dataclass(frozen=True)
class Contents:
    """Description of all episodes of a file.

    Attributes:
        spec: Spaces, names, units and rate; `spec.observation` describes the recorded observations.
        observed: Which observations these are.
        environment: Id of the environment.
        experts: Description of each expert, by its name: run, checkpoint, timestep, algorithm and so on.
        commit: Git commit of the code that recorded them; None if it is unknown.
    """

    spec: PolicySpec
    observed: Observed
    environment: str
    experts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    commit: str | None = None
