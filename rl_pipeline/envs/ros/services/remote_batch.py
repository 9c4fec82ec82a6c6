"""The environments of a session with one simulation."""

import time
import uuid
from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rl_interfaces import srv

from rl_pipeline.envs.errors import SimulationError, SimulationLostError
from rl_pipeline.envs.remote.batch import SimulationBatch
from rl_pipeline.envs.ros.calls import Call, ServiceCaller
from rl_pipeline.envs.ros.interfaces import Message
from rl_pipeline.envs.ros.services.server import flags, floats

SERVICES = {
    "open": srv.Open,
    "close": srv.Close,
    "reset": srv.Reset,
    "step": srv.Step,
    "render": srv.Render,
    "save_state": srv.SaveState,
    "load_state": srv.LoadState,
}
NEEDED = ("open", "reset", "step", "close")
"""Required services of a simulation; the others are optional, for pictures and states."""
OPEN_AGAIN_S = 1.0
UNKNOWN_SESSION = "LookupError: unknown session"


class RemoteBatch(SimulationBatch):
    """A session with a simulation."""

    environment_id: str

    def __init__(self, caller: ServiceCaller, simulation: str, rows: slice, render_mode: str | None) -> None:
        super().__init__(simulation, rows)
        self._caller = caller
        self._render_mode = render_mode or ""
        self._session = ""
        self._sequence = 0
        for service, service_type in SERVICES.items():
            caller.client(simulation, service, service_type)

    def open(self, timeout: float) -> None:
        """Start a session with the simulation, which may take `timeout` seconds to appear.

        A killed simulation stays on the network's lists for a while, and a new one may miss a request, so the
        request is repeated; the simulation returns the same session for each repetition.
        """
        deadline = time.monotonic() + timeout
        request = srv.Open.Request(
            client=uuid.uuid4().hex, num_envs=self.num_envs, render_mode=self._render_mode
        )
        call = Call(self.simulation, "open", request)
        answer = None
        while answer is None:
            self._caller.wait_for(self.simulation, max(0.0, deadline - time.monotonic()), NEEDED)
            answer = self._caller.try_call(call, OPEN_AGAIN_S)
            if answer is None and time.monotonic() > deadline:
                raise self._caller.timed_out(self.simulation, "open")
        self.checked(answer, "open")
        self._session, self.environment_id = answer.session, answer.environment_id
        self.read_spaces(answer)

    def reset_call(self, seeds: Sequence[int | None], mask: NDArray[np.bool_]) -> Call:
        """Return the call that starts new episodes in the marked environments."""
        self._sequence += 1
        given = [] if any(seed is None for seed in seeds) else [int(seed or 0) for seed in seeds]
        request = srv.Reset.Request(
            session=self._session, sequence=self._sequence, seeds=array("q", given), mask=flags(mask)
        )
        return Call(self.simulation, "reset", request)

    def step_call(self, actions: np.ndarray) -> Call:
        """Return the call that steps the environments."""
        self._sequence += 1
        request = srv.Step.Request(session=self._session, sequence=self._sequence, actions=floats(actions))
        return Call(self.simulation, "step", request)

    def offers(self, service: str) -> bool:
        """Return whether the simulation has an optional service."""
        return self._caller.is_there(self.simulation, service)

    def ask(self, service: str, **fields: object) -> Message:
        """Call a service and return its answer.

        Raises:
            SimulationError: The simulation failed, or did not answer.
        """
        request = SERVICES[service].Request(session=self._session, **fields)
        return self.checked(self._caller.call_one(Call(self.simulation, service, request)), service)

    def checked(self, answer: Message, service: str) -> Message:
        """Return an answer that reports no error."""
        if answer.error.startswith(UNKNOWN_SESSION):
            raise SimulationLostError(f"{self.simulation} was restarted and lost its environments")
        if answer.error:
            raise SimulationError(f"{self.simulation}/{service}: {answer.error}")
        return answer
