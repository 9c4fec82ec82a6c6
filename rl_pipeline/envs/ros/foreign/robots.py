"""Environments behind pairs of services, one pair for each."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rl_pipeline.config.ros_services import RosServices
from rl_pipeline.envs.errors import MalformedReplyError, SimulationError
from rl_pipeline.envs.ros.calls import Call, ServiceCaller, place_of
from rl_pipeline.envs.ros.foreign.adapter import ServiceAdapter
from rl_pipeline.envs.ros.interfaces import find_interface
from rl_pipeline.envs.ros.robots import Robots, Transition
from rl_pipeline.policies.observations import Observation


class ServiceRobots(Robots):
    """Calls the services of all environments at once.

    Args:
        adapters: Translate, one for each environment.
        settings: Timeouts.

    Raises:
        ConfigError: A service type is not installed.
        SimulationMissingError: A service is not on the network.
    """

    def __init__(self, adapters: Sequence[ServiceAdapter], settings: RosServices) -> None:
        first = adapters[0]
        self.observation_space, self.action_space = first.observation_space, first.action_space
        self._adapters = adapters
        self._patience = settings.startup_timeout
        self._caller = ServiceCaller(settings.timeout, settings.retries)
        self._step = [place_of(one.step_service.format(index=index)) for index, one in enumerate(adapters)]
        self._reset = [place_of(one.reset_service.format(index=index)) for index, one in enumerate(adapters)]
        self.names = ["/".join(place) for place in self._step]
        for step, reset in zip(self._step, self._reset, strict=True):
            self._caller.client(*step, _class_of(first.step_type))
            self._caller.client(*reset, _class_of(first.reset_type))
        try:
            for node in {place[0]: None for place in [*self._step, *self._reset]}:
                self._caller.wait_for(node, self._patience)
        except BaseException:
            self._caller.close()
            raise

    def reset(self, seeds: Mapping[int, int | None]) -> dict[int, Observation]:
        """See `Robots`; it waits for a lost simulation."""
        calls = {
            index: Call(*self._reset[index], self._adapters[index].reset_request(seed))
            for index, seed in seeds.items()
        }
        answers: dict[int, Observation] = {}
        # A service that died is still announced for a while, so the request is repeated.
        deadline = time.monotonic() + self._patience
        while missing := {index: call for index, call in calls.items() if index not in answers}:
            for call in missing.values():
                self._caller.wait_for(call.simulation, self._patience)
            answers.update(self._caller.call_once(missing))
            if time.monotonic() > deadline and len(answers) < len(calls):
                raise self._caller.timed_out(*self._reset[min(calls.keys() - answers.keys())])
        return {
            index: self._translated(index, "first_observation", answer) for index, answer in answers.items()
        }

    def step(self, actions: np.ndarray) -> list[Transition | SimulationError]:
        """See `Robots`. A request is sent once, since a foreign simulation would execute the step twice."""
        calls = {
            index: Call(*place, self._adapters[index].step_request(action))
            for index, (place, action) in enumerate(zip(self._step, np.asarray(actions), strict=True))
        }
        answers = self._caller.call_once(calls)
        return [
            self._translated(index, "transition", answers[index])
            if index in answers
            else self._caller.timed_out(*place, asked=1)
            for index, place in enumerate(self._step)
        ]

    def _translated(self, index: int, method: str, answer: object) -> Any:
        adapter = self._adapters[index]
        try:
            return getattr(adapter, method)(answer)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise MalformedReplyError(
                f"{self.names[index]}: {type(adapter).__name__}.{method} failed: {type(error).__name__}: {error}"
            ) from error

    def close(self) -> None:
        """Leave the network."""
        self._caller.close()


def _class_of(service_type: type | str) -> type:
    if isinstance(service_type, str):
        found: type = find_interface(service_type, "environment.ros.adapter")
        return found
    return service_type
