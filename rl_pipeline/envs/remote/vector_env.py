"""What vector environments have in common whose environments are in other programs."""

import itertools
import logging
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.envs.gymnasium.flat_batch import FlatBatch, FlatLayout
from rl_pipeline.envs.remote.batch import SimulationBatch
from rl_pipeline.envs.remote.step_result import StepResult
from rl_pipeline.envs.ros.errors import SimulationError

logger = logging.getLogger(__name__)

Infos = dict[str, Any]
Batch = TypeVar("Batch", bound=SimulationBatch)


def share_rows(num_envs: int, n: int) -> list[slice]:
    """Share environments out among n simulations, in order."""
    bounds = np.linspace(0, num_envs, n + 1).astype(int).tolist()
    return [slice(start, stop) for start, stop in itertools.pairwise(bounds)]


class RemoteVectorEnv(VectorEnv, Generic[Batch]):
    """Seeds, steps and restarts; a subclass knows how a simulation is asked.

    A simulation that dies is picked up again when it is back: its environments begin new episodes, and the
    interrupted ones are reported as truncated with reward 0 and, as their last observation, the last one seen.

    Args:
        num_envs: Number of environments.
        render_mode: Of environment 0.
        max_restarts: How often, in sum, simulations that died are picked up again.

    Attributes:
        section: Where the configuration describes the simulations.
    """

    section: str
    _batches: list[Batch]

    def __init__(self, num_envs: int, render_mode: str | None, max_restarts: int) -> None:
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": ["rgb_array"]}
        self._max_restarts = max_restarts
        self._restarts = 0
        self._seeds: list[int | None] = [None] * num_envs

    def _use(self, batches: list[Batch]) -> None:
        """Take over the batches, which have been opened, and their spaces.

        Raises:
            ConfigError: The spaces differ.
        """
        for batch in batches:
            self._check_same_spaces(batch, batches[0])
        self._batches = batches
        self.single_observation_space = batches[0].observation_space
        self.single_action_space = batches[0].action_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
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

    def _exchange(self, service: str, calls: Sequence[Any]) -> Iterable[Any]:
        """Ask for all batches at once, and return the answers, each of which holds until the next call.

        They may be waited for only when they are iterated over. The answer of a simulation that was lost is None.
        """
        raise NotImplementedError

    def _replace(self, batch: Batch) -> Any:
        """Begin new episodes in a batch that was lost; return the answer of its reset."""
        raise NotImplementedError

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Any, Infos]:
        """Start new episodes.

        Args:
            seed: Seed of environment 0, counted up for the others, or one for each; None goes on with the generators.
            options: `reset_mask`, a bool array (num_envs,), resets and seeds only the marked environments.

        Raises:
            SimulationError: A simulation failed, or did not answer.
        """
        mask = np.asarray((options or {}).get("reset_mask", np.ones(self.num_envs, np.bool_)), np.bool_)
        if mask.shape != (self.num_envs,):
            raise ValueError(f"reset_mask has shape {mask.shape}, expected ({self.num_envs},)")
        seeds = self._seeds_of(seed)
        self._seeds = [old if new is None else new for old, new in zip(self._seeds, seeds, strict=True)]
        calls = [batch.reset_call(seeds[batch.rows], mask[batch.rows]) for batch in self._batches]
        result = StepResult(self.num_envs, self._observation_layout)
        for batch, answer in zip(self._batches, list(self._exchange("reset", calls)), strict=True):
            if answer is None:
                answer = self._replace(batch)
            result.observe(batch.rows, batch.observations(answer))
            result.add_metrics(batch, answer)
        self._last = result.observations
        return self._observation_layout.unpack(result.observations), result.infos

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], Infos]:
        """Step every environment once, with same-step autoreset.

        Raises:
            ValueError: The actions have another shape.
            SimulationError: A simulation failed, did not answer, or came back too often.
        """
        actions = np.asarray(actions)
        if actions.shape != self.action_space.shape:
            raise ValueError(f"actions have shape {actions.shape}, expected {self.action_space.shape}")
        numbers = self._action_layout.pack(actions, self.num_envs).numbers
        calls = [batch.step_call(numbers[batch.rows]) for batch in self._batches]
        answers = self._exchange("step", calls)
        result = StepResult(self.num_envs, self._observation_layout)  # while the simulations step
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
        """Count a simulation that was lost; raises SimulationError at the limit."""
        self._restarts += 1
        if self._restarts > self._max_restarts:
            raise SimulationError(
                f"{error}; it was picked up again {self._max_restarts} times before "
                f"({self.section}.max_restarts)"
            ) from error
        logger.warning("%s; its episodes end here and new ones begin", error)

    def _fresh_seeds(self, batch: Batch) -> list[int]:
        """Return seeds for the episodes after a restart, which follow from the run's."""
        return [self._fresh_seed(index) for index in range(batch.rows.start, batch.rows.stop)]

    def _fresh_seed(self, index: int) -> int:
        seed = self._seeds[index]
        entropy = (self._restarts, index if seed is None else seed)
        return int(np.random.SeedSequence(entropy).generate_state(1)[0])

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Read an attribute of this environment, once for every environment; simulations offer none of theirs."""
        if name == "render":
            return tuple(self.render() or (None,))
        value = getattr(self, name)
        return (value(*args, **kwargs) if callable(value) else value,) * self.num_envs

    def _seeds_of(self, seed: int | Sequence[int | None] | None) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int | np.integer):
            return [int(seed) + index for index in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"{len(seed)} seeds for {self.num_envs} environments")
        return list(seed)

    def _history(self) -> dict[str, Any]:
        """Return what restarts need, as a part of the state."""
        return {
            "seeds": list(self._seeds),
            "restarts": self._restarts,
            "last": [self._last.numbers.copy(), self._last.bytes.copy()],
        }

    def _recall(self, state: Mapping[str, Any]) -> None:
        """Take back what `_history` returned."""
        self._seeds, self._restarts = list(state["seeds"]), state["restarts"]
        self._last = FlatBatch(*state["last"])

    def _begin_anew(self, state: Mapping[str, Any]) -> None:
        """Stand in for states that simulations cannot give: new episodes, with seeds that follow from the run's."""
        self._recall(state)
        message = (
            f"{self._batches[0].simulation} cannot go back to a state; all environments begin new episodes"
        )
        warnings.warn(message, RuntimeWarning, stacklevel=3)
        self.reset(seed=[self._fresh_seed(index) for index in range(self.num_envs)])
        self._recall(state)
