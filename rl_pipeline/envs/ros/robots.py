"""A vector environment of robots and simulations without batches, episodes and states."""

import logging
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import concatenate, create_empty_array

from rl_pipeline.envs.contract import BackendVectorEnv, seed_after_restart
from rl_pipeline.envs.errors import MalformedReplyError, SimulationError
from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.observations import Observation
from rl_pipeline.wrappers.base import Frames, Infos, ResetOptions, Seed, StepResult, reset_mask

logger = logging.getLogger(__name__)


@dataclass
class Transition:
    """Result of a robot's action.

    Attributes:
        observation: Its new observation.
        reward: Reward of this step.
        terminated: Whether its task has ended.
        truncated: Whether the episode has ended for another reason.
        metrics: Further metrics of this step, e.g. `{"distance": 1.5}`.
    """

    observation: Observation
    reward: float
    terminated: bool = False
    truncated: bool = False
    metrics: Mapping[str, float] = field(default_factory=dict)


class Robots(ABC):
    """Several robots of one kind.

    Attributes:
        names: Name of each robot in messages.
        observation_space: Observation space of one robot.
        action_space: Action space of one robot.
    """

    names: Sequence[str]
    observation_space: spaces.Space
    action_space: spaces.Space

    @abstractmethod
    def reset(self, seeds: Mapping[int, int | None]) -> dict[int, Observation]:
        """Start new episodes of some robots, and wait for lost ones.

        Args:
            seeds: Seed of each robot by its index; None continues its generator.

        Returns:
            Their first observations.

        Raises:
            SimulationError: One of them failed.
        """

    @abstractmethod
    def step(self, actions: np.ndarray) -> "list[Transition | SimulationError]":
        """Let every robot act, actions (n_robots, ...), and return the result or error of each."""

    @abstractmethod
    def close(self) -> None:
        """Leave the robots in a safe state."""


_held_by: dict[str, object] = {}
"""Environment that started a robot's present episode; evaluations use the same robots."""


class RobotVectorEnv(BackendVectorEnv):
    """Episodes of robots: time limit, autoreset in the same step, last observations.

    If a robot does not answer, its episode ends as truncated, with reward 0 and the last known observation; the next
    episode begins when it is back. All episodes also end after another environment of this process, such as that of
    an evaluation, has used a robot, and after the environment was restored from a saved state.

    Args:
        robots: The robots; they are closed with the environment.
        max_episode_steps: Time limit; None for none.
        max_restarts: Total number of waits for lost robots.
        key: Configuration section of `max_restarts`.
    """

    def __init__(self, robots: Robots, max_episode_steps: int | None, max_restarts: int, key: str) -> None:
        spaces_of_robot = robots.observation_space, robots.action_space
        self._set_spaces(len(robots.names), *spaces_of_robot, {"render_modes": []})
        self._robots = robots
        self._limit = max_episode_steps or np.iinfo(np.int64).max
        self._max_restarts, self._key = max_restarts, key
        self._restarts = 0
        self._elapsed = np.zeros(self.num_envs, np.int64)
        self._seeds: list[int | None] = [None] * self.num_envs
        self._latest: list[Any] = [None] * self.num_envs
        self._token = object()

    def reset(self, *, seed: Seed = None, options: ResetOptions = None) -> tuple[Observation, Infos]:
        """Begin new episodes.

        Args:
            seed: Seed of robot 0, incremented for the others, or one for each.
            options: `reset_mask`, a bool array (num_envs,), resets only the marked robots.
        """
        mask, seeds = reset_mask(options, self.num_envs), self.expand_seed(seed)
        self._seeds = [old if new is None else new for old, new in zip(self._seeds, seeds, strict=True)]
        self._begin({index: seeds[index] for index in np.flatnonzero(mask).tolist()})
        return self._batch(self._latest), {}

    def step(self, actions: np.ndarray) -> StepResult:
        """Let every robot act once.

        Raises:
            ValueError: The actions have another shape.
            MalformedReplyError: A robot returned values of a wrong size, or NaN.
            SimulationError: Robots were lost too often.
        """
        actions = self.check_actions(actions)
        rewards = np.zeros(self.num_envs)
        terminated, truncated = np.zeros((2, self.num_envs), np.bool_)
        infos: Infos = {}
        seeds: dict[int, int | None] = {}
        for index, outcome in enumerate(self._outcomes(actions)):
            if isinstance(outcome, SimulationError):
                seeds[index] = seed_after_restart(self._seeds[index], index, self._restarts)
                truncated[index] = True
                continue
            self._latest[index] = self._checked(index, outcome.observation)
            rewards[index] = self._finite(index, "reward", outcome.reward)
            terminated[index], truncated[index] = outcome.terminated, outcome.truncated
            self._add_metrics(infos, index, outcome.metrics)
        self._elapsed += 1
        truncated |= ~terminated & (self._elapsed >= self._limit)
        ended = terminated | truncated
        if ended.any():
            infos["final_obs"], infos["_final_obs"] = self._batch(self._latest), ended
            self._begin({index: seeds.get(index) for index in np.flatnonzero(ended).tolist()})
        return self._batch(self._latest), rewards, terminated, truncated, infos

    def render(self) -> Frames:
        """Return no picture: robots cannot be rendered."""
        return (None,)

    def state_dict(self) -> StateDict:
        """Return the part of the robots' state that can be saved: the last observations and the number of losses."""
        latest = [dict(one) if isinstance(one, Mapping) else one for one in self._latest]
        return {"exact": False, "restarts": self._restarts, "latest": latest}

    def load_state_dict(self, state: StateDict) -> None:
        """End the episodes with the next step, since robots cannot restore a state."""
        self._restarts, self._latest = state["restarts"], list(state["latest"])
        self._token = object()
        message = f"{self._robots.names[0]} was not restored exactly: robots start new episodes"
        warnings.warn(message, RuntimeWarning, stacklevel=2)

    def close_extras(self, **kwargs: object) -> None:
        """Leave the robots in a safe state."""
        for name in self._robots.names:
            if _held_by.get(name) is self._token:
                del _held_by[name]
        self._robots.close()

    def _outcomes(self, actions: np.ndarray) -> list[Transition | SimulationError]:
        """Step the robots, unless another environment has taken over one of their episodes."""
        if any(_held_by.get(name) is not self._token for name in self._robots.names):
            return [Transition(observation, 0.0, truncated=True) for observation in self._latest]
        outcomes = self._robots.step(actions)
        lost = [outcome for outcome in outcomes if isinstance(outcome, SimulationError)]
        if lost:  # counted once, since all of them may be one process
            self._lose(lost[0])
        return outcomes

    def _begin(self, seeds: Mapping[int, int | None]) -> None:
        _held_by.update({self._robots.names[index]: self._token for index in seeds})
        for index, observation in self._robots.reset(seeds).items():
            self._latest[index] = self._checked(index, observation)
            self._elapsed[index] = 0

    def _lose(self, error: SimulationError) -> None:
        self._restarts += 1
        if self._restarts > self._max_restarts:
            raise SimulationError(
                f"{error}; that happened {self._restarts} times ({self._key}.max_restarts)"
            ) from error
        logger.warning("%s; its episode ends here and a new one begins when it is back", error)

    def _checked(self, index: int, observation: object) -> Observation:
        return checked(
            observation, self.single_observation_space, f"{self._robots.names[index]}: observation"
        )

    def _finite(self, index: int, what: str, value: float) -> float:
        if not np.isfinite(value):
            raise MalformedReplyError(f"{self._robots.names[index]}: {what} is {value}")
        return float(value)

    def _add_metrics(self, infos: Infos, index: int, metrics: Mapping[str, float]) -> None:
        for name, value in metrics.items():
            infos.setdefault(name, np.zeros(self.num_envs))[index] = self._finite(index, name, value)
            infos.setdefault(f"_{name}", np.zeros(self.num_envs, np.bool_))[index] = True

    def _batch(self, observations: list[Observation]) -> Any:
        space = self.single_observation_space
        batch: Any = create_empty_array(space, self.num_envs)
        return concatenate(space, observations, batch)


def checked(observation: object, space: spaces.Space, place: str) -> Any:
    """Return an observation with the shapes and dtypes of its space.

    Args:
        observation: Observation of a robot.
        space: A box, or a dictionary of them.
        place: Its name in messages.

    Raises:
        MalformedReplyError: The observation has a wrong shape or key, or is not finite.
    """
    if isinstance(space, spaces.Dict):
        if not isinstance(observation, Mapping) or observation.keys() != space.keys():
            found = sorted(observation) if isinstance(observation, Mapping) else type(observation).__name__
            raise MalformedReplyError(f"{place} has {found}, expected {sorted(space.keys())}")
        return {name: checked(observation[name], part, f"{place}.{name}") for name, part in space.items()}
    array = np.asarray(observation)
    if array.shape != space.shape:
        raise MalformedReplyError(f"{place} has shape {array.shape}, expected {space.shape}")
    if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
        where = np.flatnonzero(~np.isfinite(array))[0]
        raise MalformedReplyError(f"{place} is {array.ravel()[where]} at position {where}")
    return array.astype(space.dtype)
