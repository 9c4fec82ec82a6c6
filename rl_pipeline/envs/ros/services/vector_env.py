"""A vector environment whose environments are in simulations on the ROS network."""

import logging
from collections.abc import Sequence

import numpy as np

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.ros_services import RosServices
from rl_pipeline.envs.contract import share_rows
from rl_pipeline.envs.errors import SimulationError, SimulationLostError
from rl_pipeline.envs.remote.vector_env import RemoteVectorEnv
from rl_pipeline.envs.ros.calls import Call, ServiceCaller
from rl_pipeline.envs.ros.interfaces import Message
from rl_pipeline.envs.ros.services.remote_batch import RemoteBatch
from rl_pipeline.plain_data import StateDict
from rl_pipeline.wrappers.base import Frames

logger = logging.getLogger(__name__)


class RosVectorEnv(RemoteVectorEnv[RemoteBatch]):
    """Environments in sessions with simulations, stepped by one call to each simulation.

    Trajectories are those of the same environments in process.

    Raises:
        SimulationMissingError: A simulation is not on the network.
        ConfigError: A simulation serves another environment.
    """

    section = "environment.ros"

    def __init__(
        self, environment_id: str, settings: RosServices, num_envs: int, render_mode: str | None
    ) -> None:
        super().__init__(num_envs, render_mode, settings.max_restarts)
        self._settings = settings
        self._caller = ServiceCaller(settings.timeout, settings.retries)
        try:
            self._use(self._open(environment_id, render_mode))
        except BaseException:
            self._caller.close()
            raise

    def _open(self, environment_id: str, render_mode: str | None) -> list[RemoteBatch]:
        names = self._settings.simulations
        batches = [
            RemoteBatch(self._caller, name, part, render_mode if part.start == 0 else None)
            for name, part in zip(names, share_rows(self.num_envs, len(names)), strict=True)
        ]
        for batch in batches:
            batch.open(self._settings.startup_timeout)
            self._check_served(batch, environment_id)
        return batches

    @staticmethod
    def _check_served(batch: RemoteBatch, environment_id: str) -> None:
        if batch.environment_id != environment_id:
            message = f"the simulation {batch.simulation} serves {batch.environment_id}"
            remedy = (
                f"write {batch.environment_id}, or start the simulation with environment.id={environment_id}"
            )
            raise ConfigError([Problem("environment.id", message, environment_id, remedy=remedy)])

    def _exchange(self, service: str, calls: Sequence[Call]) -> list[Message]:
        """Call all simulations at once; the answer of a lost simulation is None."""
        answers = self._caller.call(dict(enumerate(calls)))
        checked: list[Message] = []
        for index, batch in enumerate(self._batches):
            try:
                if index not in answers:
                    raise self._caller.timed_out(batch.simulation, service)
                checked.append(batch.checked(answers[index], service))
            except (SimulationLostError, TimeoutError) as error:
                self._lose(error)
                checked.append(None)
        return checked

    def _replace(self, batch: RemoteBatch) -> Message:
        """Start new episodes in a lost simulation, with seeds derived from the run's."""
        batch.open(self._settings.startup_timeout)
        call = batch.reset_call(self._fresh_seeds(batch), np.ones(batch.num_envs, np.bool_))
        return batch.checked(self._caller.call_one(call), "reset")

    def render(self) -> Frames:
        """Return the picture of environment 0 as a 1-tuple."""
        batch = self._batches[0]
        if self.render_mode is None or not batch.offers("render"):
            return (None,)
        return (batch.picture(batch.ask("render")),)

    def state_dict(self) -> StateDict:
        """Return the states of the simulations, if they have such a service, and the data for restarts."""
        saved = all(batch.offers("save_state") for batch in self._batches)
        states = [batch.ask("save_state").state for batch in self._batches] if saved else []
        return {
            "simulations": [np.frombuffer(state, np.uint8).copy() for state in states],
            **self._history(),
        }

    def load_state_dict(self, state: StateDict) -> None:
        """Restore the result of `state_dict`; simulations without states start new episodes.

        Raises:
            ValueError: The state was saved with another number of simulations.
            SimulationError: A simulation cannot restore it.
        """
        if not state["simulations"]:
            self._begin_anew(state)
            return
        if len(state["simulations"]) != len(self._batches):
            raise ValueError(
                f"the state has {len(state['simulations'])} simulations, but there are {len(self._batches)}"
            )
        for batch, saved in zip(self._batches, state["simulations"], strict=True):
            batch.ask("load_state", state=saved.tobytes())
        self._recall(state)

    def close_extras(self, **kwargs: object) -> None:
        """End the sessions and leave the network."""
        for batch in self._batches:
            try:
                batch.ask("close")
            except SimulationError as error:
                logger.debug("closing: %s", error)  # the simulation may have ended already
        self._caller.close()
