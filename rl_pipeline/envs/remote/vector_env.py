"""Base of vector environments whose environments are in other programs."""

import logging
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.envs.contract import BackendVectorEnv, seed_after_restart
from rl_pipeline.envs.errors import SimulationError
from rl_pipeline.envs.remote.batch import RemoteAnswer, SimulationBatch
from rl_pipeline.envs.remote.flat_batch import FlatBatch, FlatLayout
from rl_pipeline.envs.remote.step_result import ReplyCollector
from rl_pipeline.plain_data import StateDict
from rl_pipeline.policies.observations import Observation
from rl_pipeline.wrappers.base import Infos, ResetOptions, Seed, StepResult, reset_mask

logger = logging.getLogger(__name__)

Batch = TypeVar("Batch", bound=SimulationBatch)


class RemoteVectorEnv(BackendVectorEnv, Generic[Batch]):
    """Seeds, steps and restarts; a subclass implements the communication with a simulation.

    If a simulation dies, the environment reconnects when it is back: its environments begin new episodes, and the
    interrupted episodes are reported as truncated with reward 0 and the last known observation.

    Args:
        num_envs: Number of environments.
        render_mode: Render mode of environment 0.
        max_restarts: Total number of reconnections to simulations that died.

    Attributes:
        section: Configuration section of the simulations.
    """

    section: str
    _batches: list[Batch]

    @property
    def label(self) -> str:
        """Name of the first simulation."""
        return self._batches[0].simulation

    def __init__(self, num_envs: int, render_mode: str | None, max_restarts: int) -> None:
        self.num_envs = num_envs
        self.render_mode = render_mode
        self._max_restarts = max_restarts
        self._restarts = 0
        self._seeds: list[int | None] = [None] * num_envs

    def _use(self, batches: list[Batch]) -> None:
        """Store the opened batches, and check their spaces.

        Raises:
            ConfigError: The spaces differ.
        """
        for batch in batches:
            self._check_same_spaces(batch, batches[0])
        self._batches = batches
        first = batches[0]
        metadata = {"render_modes": ["rgb_array"]}
        self._set_spaces(self.num_envs, first.observation_space, first.action_space, metadata)
        self._observation_layout = FlatLayout(self.single_observation_space)
        self._action_layout = FlatLayout(self.single_action_space)
        self._last = self._observation_layout.zeros(self.num_envs)

    def _check_same_spaces(self, batch: Batch, first: Batch) -> None:
        for space in ("observation_space", "action_space"):
            if getattr(batch, space) != getattr(first, space):
                message = (
                    f"{batch.simulation} and {first.simulation} differ in their {space}: "
                    f"{getattr(batch, space)}, {getattr(first, space)}"
                )
                raise ConfigError([Problem(self.section, message)])

    def _exchange(self, service: str, calls: Sequence[Any]) -> Iterable[RemoteAnswer]:
        """Send all batches' requests at once, and return the answers, which are valid until the next call.

        The wait may happen only when they are iterated over. The answer of a lost simulation is None.
        """
        raise NotImplementedError

    def _replace(self, batch: Batch) -> RemoteAnswer:
        """Start new episodes in a lost batch; return the answer of its reset."""
        raise NotImplementedError

    def reset(self, *, seed: Seed = None, options: ResetOptions = None) -> tuple[Observation, Infos]:
        """Start new episodes.

        Args:
            seed: Seed of environment 0, incremented for the others, or one for each; None continues the generators.
            options: `reset_mask`, a bool array (num_envs,), resets and seeds only the marked environments.

        Raises:
            SimulationError: A simulation failed, or did not answer.
        """
        mask = reset_mask(options, self.num_envs)
        seeds = self.expand_seed(seed)
        self._seeds = [old if new is None else new for old, new in zip(self._seeds, seeds, strict=True)]
        calls = [batch.reset_call(seeds[batch.rows], mask[batch.rows]) for batch in self._batches]
        result = ReplyCollector(self.num_envs, self._observation_layout)
        for batch, answer in zip(self._batches, list(self._exchange("reset", calls)), strict=True):
            if answer is None:
                answer = self._replace(batch)
            result.observe(batch.rows, batch.observations(answer))
            result.add_metrics(batch, answer)
        self._last = result.observations
        return self._observation_layout.unpack(result.observations), result.infos

    def step(self, actions: np.ndarray) -> StepResult:
        """Step every environment once, with same-step autoreset.

        Raises:
            ValueError: The actions have a wrong shape.
            SimulationError: A simulation failed, did not answer, or came back too often.
        """
        actions = self.check_actions(actions)
        numbers = self._action_layout.pack(actions, self.num_envs).numbers
        calls = [batch.step_call(numbers[batch.rows]) for batch in self._batches]
        answers = self._exchange("step", calls)
        result = ReplyCollector(self.num_envs, self._observation_layout)  # while the simulations step
        lost = []
        for batch, answer in zip(self._batches, answers, strict=True):
            if answer is None:
                lost.append(batch)
            else:
                result.add(batch, answer)
        for batch in lost:
            result.truncate(batch.rows, self._last, batch.observations(self._replace(batch)))
        self._last = result.observations
        return result.as_tuple()

    def _lose(self, error: Exception) -> None:
        """Count a lost simulation; raises SimulationError at the limit."""
        self._restarts += 1
        if self._restarts > self._max_restarts:
            raise SimulationError(
                f"{error}; the training had already reconnected {self._max_restarts} times "
                f"({self.section}.max_restarts)"
            ) from error
        logger.warning("%s; its episodes end here and new ones begin", error)

    def _fresh_seeds(self, batch: Batch) -> list[int]:
        """Return seeds for the episodes after a restart, derived from the run's seed."""
        return [self._fresh_seed(index) for index in range(batch.rows.start, batch.rows.stop)]

    def _fresh_seed(self, index: int) -> int:
        return seed_after_restart(self._seeds[index], index, self._restarts)

    def _history(self) -> StateDict:
        """Return the part of the state that restarts need."""
        return {
            "seeds": list(self._seeds),
            "restarts": self._restarts,
            "last": [self._last.numbers.copy(), self._last.bytes.copy()],
        }

    def _recall(self, state: StateDict) -> None:
        """Restore the result of `_history`."""
        self._seeds, self._restarts = list(state["seeds"]), state["restarts"]
        self._last = FlatBatch(*state["last"])

    def _begin_anew(self, state: StateDict) -> None:
        """Replace the states of simulations without states by new episodes, with seeds derived from the run's."""
        self._recall(state)
        message = f"{self._batches[0].simulation} cannot restore a state; all environments begin new episodes"
        warnings.warn(message, RuntimeWarning, stacklevel=3)
        self.reset(seed=[self._fresh_seed(index) for index in range(self.num_envs)])
        self._recall(state)
