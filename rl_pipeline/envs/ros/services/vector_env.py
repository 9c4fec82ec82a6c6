"""A vector environment whose environments are in simulations on the ROS network."""

import itertools
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.ros_services import RosServices
from rl_pipeline.envs.flat_batch import FlatBatch, FlatLayout
from rl_pipeline.envs.ros.calls import Call, ServiceCaller
from rl_pipeline.envs.ros.errors import MalformedReplyError, SimulationError, SimulationLostError
from rl_pipeline.envs.ros.services.remote_batch import RemoteBatch
from rl_pipeline.envs.ros.services.step_result import StepResult

logger = logging.getLogger(__name__)

Infos = dict[str, Any]


class RosVectorEnv(VectorEnv):
    """Environments that simulations keep for us, stepped by one call to each simulation.

    Trajectories are those of the same environments in process. A simulation that dies is picked up again when it
    is back: its environments begin new episodes, and the interrupted ones are reported as truncated with reward 0
    and, as their last observation, the last one that was seen.

    Raises:
        SimulationMissingError: A simulation is not on the network.
        ConfigError: A simulation serves another environment.
    """

    def __init__(
        self, environment_id: str, settings: RosServices, num_envs: int, render_mode: str | None
    ) -> None:
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": ["rgb_array"]}
        self._settings = settings
        self._restarts = 0
        self._seeds: list[int | None] = [None] * num_envs
        self._caller = ServiceCaller(settings.timeout, settings.retries)
        try:
            self._batches = self._open(environment_id, render_mode)
        except BaseException:
            self._caller.close()
            raise
        self.single_observation_space = self._batches[0].observation_space
        self.single_action_space = self._batches[0].action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._observation_layout = FlatLayout(self.single_observation_space)
        self._action_layout = FlatLayout(self.single_action_space)
        self._last = self._nothing()

    def _open(self, environment_id: str, render_mode: str | None) -> list[RemoteBatch]:
        names = self._settings.simulations
        bounds = np.linspace(0, self.num_envs, len(names) + 1).astype(int).tolist()
        rows = [slice(start, stop) for start, stop in itertools.pairwise(bounds)]
        batches = [
            RemoteBatch(self._caller, name, part, render_mode if part.start == 0 else None)
            for name, part in zip(names, rows, strict=True)
        ]
        for batch in batches:
            batch.open(self._settings.startup_timeout)
            self._check_served(batch, batches[0], environment_id)
        return batches

    @staticmethod
    def _check_served(batch: RemoteBatch, first: RemoteBatch, environment_id: str) -> None:
        if batch.environment_id != environment_id:
            message = f"the simulation {batch.simulation} serves {batch.environment_id}"
            remedy = (
                f"write {batch.environment_id}, or start the simulation with environment.id={environment_id}"
            )
            raise ConfigError([Problem("environment.id", message, environment_id, remedy=remedy)])
        for space in ("observation_space", "action_space"):
            if getattr(batch, space) != getattr(first, space):
                message = (
                    f"{batch.simulation} and {first.simulation} differ in their {space}: "
                    f"{getattr(batch, space)}, {getattr(first, space)}"
                )
                raise ConfigError([Problem("environment.ros.simulations", message)])

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
        for batch, answer in zip(self._batches, self._exchange("reset", calls), strict=True):
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
        result = StepResult(self.num_envs, self._observation_layout)
        for batch, answer in zip(self._batches, self._exchange("step", calls), strict=True):
            if answer is None:
                result.truncate(batch.rows, self._last, batch.observations(self._replace(batch)))
            else:
                result.add(batch, answer)
        self._last = result.observations
        return result.as_tuple()

    def _exchange(self, service: str, calls: Sequence[Call]) -> list[Any]:
        """Ask all simulations at once; the answer of one that was lost is None."""
        answers = self._caller.call(dict(enumerate(calls)))
        checked: list[Any] = []
        for index, batch in enumerate(self._batches):
            try:
                if index not in answers:
                    raise self._caller.timed_out(batch.simulation, service)
                checked.append(batch.checked(answers[index], service))
            except (SimulationLostError, TimeoutError) as error:
                self._lose(error)
                checked.append(None)
        return checked

    def _lose(self, error: Exception) -> None:
        self._restarts += 1
        if self._restarts > self._settings.max_restarts:
            raise SimulationError(
                f"{error}; it was picked up again {self._settings.max_restarts} times before "
                "(environment.ros.max_restarts)"
            ) from error
        logger.warning("%s; its episodes end here and new ones begin", error)

    def _replace(self, batch: RemoteBatch) -> Any:
        """Begin new episodes in a simulation that was lost, with seeds that follow from the run's."""
        batch.open(self._settings.startup_timeout)
        seeds = [self._fresh_seed(index) for index in range(batch.rows.start, batch.rows.stop)]
        call = batch.reset_call(seeds, np.ones(batch.num_envs, np.bool_))
        return batch.checked(self._caller.call_one(call), "reset")

    def _fresh_seed(self, index: int) -> int:
        seed = self._seeds[index]
        entropy = (self._restarts, index if seed is None else seed)
        return int(np.random.SeedSequence(entropy).generate_state(1)[0])

    def render(self) -> tuple[Any, ...]:
        """Return the picture of environment 0 as a 1-tuple."""
        if self.render_mode is None:
            return (None,)
        batch = self._batches[0]
        answer = batch.ask("render")
        if not answer.height:
            return (None,)
        if len(answer.rgb) != answer.height * answer.width * 3:
            raise MalformedReplyError(f"{batch.simulation}: the picture has {len(answer.rgb)} bytes")
        return (np.frombuffer(answer.rgb, np.uint8).reshape(answer.height, answer.width, 3).copy(),)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Read an attribute of this environment, once for every environment; simulations offer none of theirs."""
        if name == "render":
            return self.render()
        value = getattr(self, name)
        return (value(*args, **kwargs) if callable(value) else value,) * self.num_envs

    def state_dict(self) -> dict[str, Any]:
        """Return the states of the simulations and what restarts need."""
        states = [batch.ask("save_state").state for batch in self._batches]
        return {
            "simulations": [np.frombuffer(state, np.uint8).copy() for state in states],
            "seeds": list(self._seeds),
            "restarts": self._restarts,
            "last": [self._last.numbers.copy(), self._last.bytes.copy()],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned.

        Raises:
            ValueError: It was saved with another number of simulations.
            SimulationError: A simulation cannot restore it.
        """
        if len(state["simulations"]) != len(self._batches):
            raise ValueError(
                f"the state is of {len(state['simulations'])} simulations, there are {len(self._batches)}"
            )
        for batch, saved in zip(self._batches, state["simulations"], strict=True):
            batch.ask("load_state", state=saved.tobytes())
        self._seeds, self._restarts = list(state["seeds"]), state["restarts"]
        self._last = FlatBatch(*state["last"])

    def close_extras(self, **kwargs: Any) -> None:
        """End the sessions and leave the network."""
        for batch in self._batches:
            try:
                batch.ask("close")
            except SimulationError as error:
                logger.debug("closing: %s", error)  # it may be gone already
        self._caller.close()

    def _seeds_of(self, seed: int | Sequence[int | None] | None) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int | np.integer):
            return [int(seed) + index for index in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"{len(seed)} seeds for {self.num_envs} environments")
        return list(seed)

    def _nothing(self) -> FlatBatch:
        layout = self._observation_layout
        return FlatBatch(
            np.zeros((self.num_envs, layout.n_numbers)), np.zeros((self.num_envs, layout.n_bytes), np.uint8)
        )
