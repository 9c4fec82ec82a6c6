"""Environments that a Unity program serves with one set of services."""

import uuid
from collections.abc import Sequence
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.bridge.cdr import CdrError
from rl_pipeline.bridge.layout import MessageReader, MessageTemplate
from rl_pipeline.bridge.messages import NEEDED, REQUESTS, RESPONSES, encode_message
from rl_pipeline.envs.errors import MalformedReplyError, SimulationError
from rl_pipeline.envs.remote.batch import RemoteAnswer, SimulationBatch
from rl_pipeline.envs.remote.flat_batch import FlatLayout


class Call(NamedTuple):
    """A request that is ready to send."""

    service: str
    payload: bytes | memoryview


class UnitySession(SimulationBatch):
    """A session with a Unity program.

    Args:
        prefix: Prefix of the names of its services.
        rows: Indices among all environments.
        render_mode: Render mode of the first of them.
    """

    def __init__(self, prefix: str, rows: slice, render_mode: str | None) -> None:
        super().__init__(prefix, rows)
        self._render_mode = "rgb_array" if render_mode == "rgb_array" else ""  # a build has its own window
        self._session = ""
        self._sequence = 0
        self._step_service = f"{prefix}/step"
        self._readers = {service: MessageReader(fields) for service, fields in RESPONSES.items()}

    @property
    def services(self) -> list[str]:
        """Names of the services that the program must offer."""
        return [f"{self.simulation}/{service}" for service in NEEDED]

    def open_call(self) -> Call:
        """Return the call that starts the session."""
        return self._call(
            "open", client=uuid.uuid4().hex, num_envs=self.num_envs, render_mode=self._render_mode
        )

    def opened(self, answer: RemoteAnswer) -> str:
        """Process the answer of `open` and return the name of the simulated environment.

        Raises:
            MalformedReplyError: The number of environments is wrong, or the spaces cannot be read.
        """
        if answer.num_envs != self.num_envs:
            raise MalformedReplyError(
                f"{self.simulation}/open: {answer.num_envs} environments, expected {self.num_envs}; start the "
                f"program with this number, or set environment.n_environments"
            )
        self.read_spaces(answer)
        self._session = answer.session
        actions = np.zeros((self.num_envs, FlatLayout(self.action_space).n_numbers))
        self._step = MessageTemplate(REQUESTS["step"], session=self._session, actions=actions)
        return str(answer.environment_id)

    def reset_call(self, seeds: Sequence[int | None], mask: NDArray[np.bool_]) -> Call:
        """See `SimulationBatch`."""
        self._sequence += 1
        given = [] if any(seed is None for seed in seeds) else seeds
        return self._call(
            "reset", session=self._session, sequence=self._sequence, seeds=given, mask=mask.view(np.uint8)
        )

    def step_call(self, actions: np.ndarray) -> Call:
        """See `SimulationBatch`."""
        self._sequence += 1
        return Call(self._step_service, self._step.filled(sequence=self._sequence, actions=actions.ravel()))

    def render_call(self) -> Call:
        """Return the call for a picture of the first environment."""
        return self._call("render", session=self._session)

    def close_call(self) -> Call:
        """Return the call that ends the session."""
        return self._call("close", session=self._session)

    def read(self, service: str, payload: bytes | memoryview) -> SimpleNamespace:
        """Read a response; the next response of the service overwrites its arrays.

        Raises:
            MalformedReplyError: The bytes are not such a response.
            SimulationError: The response reports an error.
        """
        try:
            answer = self._readers[service].read(payload)
        except CdrError as error:
            raise MalformedReplyError(f"{self.simulation}/{service}: {error}") from error
        if answer.error:
            raise SimulationError(f"{self.simulation}/{service}: {answer.error}")
        return answer

    def _call(self, service: str, **fields: object) -> Call:
        return Call(f"{self.simulation}/{service}", encode_message(REQUESTS[service], **fields))
