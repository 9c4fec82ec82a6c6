"""Recording of one environment's steps as episodes."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.advantages import estimate_advantages
from rl_pipeline.datasets.episode import Episode, Origin
from rl_pipeline.policies.observations import Observation, as_dict
from rl_pipeline.policies.rollout import Transition

PREFIX, NOISE = 1, 2
"""Streams of random numbers of an episode."""


@dataclass(frozen=True)
class Task:
    """An episode to record.

    Attributes:
        origin: Identifies the episode.
        seed: Determines its start, its noise and its prefix.
        longest_prefix: Maximum number of steps before a recording from a random point.
    """

    origin: Origin
    seed: int
    longest_prefix: int


@dataclass(frozen=True)
class ReturnUnits:
    """Parameters for values and advantages.

    Attributes:
        gamma: Discount factor.
        gae_lambda: Weight of longer estimates.
        scale: Factor of the policy's estimates.
    """

    gamma: float
    gae_lambda: float
    scale: float


@dataclass
class EpisodeRecorder:
    """Records one episode from the steps of row `index` of a batch.

    Attributes:
        task: The episode.
        index: The environment.
        seeded: Whether the environment started with the seed of the task.
    """

    task: Task
    index: int
    seeded: bool
    _steps: list[Transition] = field(default_factory=list)
    _elapsed: int = 0

    def __post_init__(self) -> None:
        """Draw the length of the prefix."""
        self._prefixes = np.random.default_rng([self.task.seed, PREFIX])
        from_random = self.task.origin.start == "random"
        self._prefix = int(self._prefixes.integers(1, self.task.longest_prefix + 1)) if from_random else 0
        self._begin()

    def _begin(self) -> None:
        self._steps, self._elapsed = [], 0
        self._noise = np.random.default_rng([self.task.seed, NOISE])

    def noise(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Draw the noise on one action."""
        return self.task.origin.noise * self._noise.standard_normal(shape)

    def take(self, transition: Transition, units: ReturnUnits) -> Episode | None:
        """Record a step; return the episode when it ends.

        An episode that ends before its recording begins is played again from the same seed, with a shorter prefix.
        """
        self._elapsed += 1
        if self._elapsed > self._prefix:
            self._steps.append(transition)
        if not transition.ended[self.index]:
            return None
        if self._steps:
            return self._episode(units)
        self._prefix = int(self._prefixes.integers(0, self._elapsed))
        self._begin()
        return None

    @property
    def must_start(self) -> bool:
        """Whether an episode must start in the environment now."""
        return self._elapsed == 0

    def _episode(self, units: ReturnUnits) -> Episode:
        steps, index = self._steps, self.index
        last = steps[-1]
        rewards = np.array([step.rewards[index] for step in steps], np.float64)
        values = advantages = None
        if last.values is not None and last.final_values is not None:
            values = np.array([step.values[index] for step in steps], np.float32) * np.float32(units.scale)  # type: ignore[index]
            last_value = 0.0 if last.terminated[index] else float(last.final_values[index]) * units.scale
            advantages = estimate_advantages(
                rewards, values, last_value, gamma=units.gamma, gae_lambda=units.gae_lambda
            )
        return Episode(
            self.task.origin,
            self._observations(),
            np.stack([step.actions[index] for step in steps]),
            np.stack([step.means[index] for step in steps]),
            rewards,
            values,
            advantages,
            bool(last.terminated[index]),
            bool(last.truncated[index]),
            self.task.seed if self.seeded else None,
            self._prefix,
        )

    def _observations(self) -> Observation:
        final: Any = self._steps[-1].infos["final_obs"]
        seen = [as_dict(step.observations) for step in self._steps] + [as_dict(final)]
        parts = {key: np.stack([rows[key][self.index] for rows in seen]) for key in seen[0]}
        return parts if isinstance(final, dict) else next(iter(parts.values()))
