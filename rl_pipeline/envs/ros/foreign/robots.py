"""Environments behind pairs of services, one pair for each."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.ros_services import RosServices
from rl_pipeline.envs.ros.calls import Call, ServiceCaller, place_of
from rl_pipeline.envs.ros.errors import MalformedReplyError, SimulationError
from rl_pipeline.envs.ros.foreign.adapter import ServiceAdapter
from rl_pipeline.envs.ros.robots import Robots, Transition


class ServiceRobots(Robots):
    """Calls the services of all environments at once.

    Args:
        adapter: Translates.
        n: Number of environments.
        settings: Timeouts.

    Raises:
        SimulationMissingError: A service is not on the network.
    """

    def __init__(self, adapter: ServiceAdapter, n: int, settings: RosServices) -> None:
        self.observation_space, self.action_space = adapter.observation_space, adapter.action_space
        self._adapter = adapter
        self._patience = settings.startup_timeout
        self._caller = ServiceCaller(settings.timeout, settings.retries)
        self._step = [place_of(adapter.step_service.format(index=index)) for index in range(n)]
        self._reset = [place_of(adapter.reset_service.format(index=index)) for index in range(n)]
        self.names = ["/".join(place) for place in self._step]
        for step, reset in zip(self._step, self._reset, strict=True):
            self._caller.client(*step, adapter.step_type)
            self._caller.client(*reset, adapter.reset_type)
        try:
            for node in {place[0]: None for place in [*self._step, *self._reset]}:
                self._caller.wait_for(node, self._patience)
        except BaseException:
            self._caller.close()
            raise

    def reset(self, seeds: Mapping[int, int | None]) -> dict[int, Any]:
        """See `Robots`; a simulation that is away is waited for."""
        calls = {
            index: Call(*self._reset[index], self._adapter.reset_request(seed))
            for index, seed in seeds.items()
        }
        answers: dict[int, Any] = {}
        # A service that died is still announced for a while, so it is asked again and again.
        deadline = time.monotonic() + self._patience
        while missing := {index: call for index, call in calls.items() if index not in answers}:
            for call in missing.values():
                self._caller.wait_for(call.simulation, self._patience)
            answers.update(self._caller.call_once(missing))
            if time.monotonic() > deadline and len(answers) < len(calls):
                raise self._caller.timed_out(*self._reset[min(calls.keys() - answers.keys())])
        return {index: self._adapter.first_observation(answer) for index, answer in answers.items()}

    def step(self, actions: NDArray[Any]) -> list[Transition | SimulationError]:
        """See `Robots`. A request is sent once, since a foreign simulation would make the step twice."""
        calls = {
            index: Call(*place, self._adapter.step_request(action))
            for index, (place, action) in enumerate(zip(self._step, np.asarray(actions), strict=True))
        }
        answers = self._caller.call_once(calls)
        return [
            self._transition(index, answers[index])
            if index in answers
            else self._caller.timed_out(*place, asked=1)
            for index, place in enumerate(self._step)
        ]

    def _transition(self, index: int, answer: Any) -> Transition:
        try:
            return self._adapter.transition(answer)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            method = f"{type(self._adapter).__name__}.transition"
            raise MalformedReplyError(
                f"{self.names[index]}: {method} failed: {type(error).__name__}: {error}"
            ) from error

    def close(self) -> None:
        """Leave the network."""
        self._caller.close()
