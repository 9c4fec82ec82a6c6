"""One Unity process with ML-Agents."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rl_pipeline.envs.unity.behaviour import Behaviour
from rl_pipeline.envs.unity.errors import MessageError, UnityMessageError
from rl_pipeline.envs.unity.link import UnityLink
from rl_pipeline.envs.unity.messages import message_class
from rl_pipeline.envs.unity_process import UnityProcess, UnityProcessError

API_VERSION = "1.5.0"
PACKAGE_VERSION = "1.1.0"
STEP, RESET = 0, 1
MAX_BEHAVIOURS = 256
CAPABILITIES = (
    "baseRLCapabilities",
    "concatenatedPngObservations",
    "compressedChannelMapping",
    "hybridActions",
    "variableLengthObservation",
    "multiAgentGroups",
)


class UnityInstance:
    """A build (or the editor), from the first message to the end.

    Args:
        start: starts the process that connects to the given port; None for the editor.
        port: port to listen on; 0 takes a free one.
        seed: seed of the process.
        n_areas: copies of the training area that a scene with a replicator makes.
        timeout: time limit of an answer in seconds.

    Attributes:
        behaviours: behaviours known so far, by name without the team.

    Raises:
        UnityProcessError: No program connected in time, or its version is wrong.
        UnityMessageError: The program does not send messages of ML-Agents.
    """

    def __init__(
        self, start: Callable[[int], UnityProcess] | None, port: int, seed: int, n_areas: int, timeout: float
    ) -> None:
        self.behaviours: dict[str, Behaviour] = {}
        self._timeout = timeout
        self._output = message_class("UnityRLOutputProto")
        self._input = message_class("UnityInputProto")
        self._process: UnityProcess | None = None
        self._link = UnityLink(port)
        try:
            self._process = start(self._link.port) if start else None
            self._greet(seed, n_areas)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int | None:
        """Process id of the build; None for the editor."""
        return self._process.pid if self._process else None

    def _alive(self) -> bool:
        return self._process is None or self._process.alive()

    def _receive(self) -> Any:
        try:
            return self._link.receive(self._timeout, self._alive).unity_output
        except UnityProcessError as error:
            if self._process is None:
                remedy = f"press Play in the Unity editor (port {self._link.port}), or name a build"
                raise UnityProcessError(f"{error}; {remedy}") from error
            raise self._process.failure(str(error)) from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Name the program if one of its messages is not valid.

        Raises:
            UnityMessageError: A message is not valid.
        """
        try:
            yield
        except MessageError as error:
            program = (
                self._process.executable if self._process else f"the Unity editor (port {self._link.port})"
            )
            log = f"; its log is {self._process.log}" if self._process else ""
            raise UnityMessageError(f"{program} sent a message that cannot be used: {error}{log}") from error

    def _greet(self, seed: int, n_areas: int) -> None:
        with self.reading():
            hello = self._receive().rl_initialization_output
        reply = self._input()
        answer = reply.rl_initialization_input
        answer.seed, answer.num_areas = seed, n_areas
        answer.communication_version, answer.package_version = API_VERSION, PACKAGE_VERSION
        for name in CAPABILITIES:
            setattr(answer.capabilities, name, True)
        if hello.communication_version.split(".")[0] != API_VERSION.split(".")[0]:
            raise UnityProcessError(
                f"the build speaks version {hello.communication_version} of ML-Agents' protocol, not {API_VERSION}; "
                "build it with package com.unity.ml-agents 1.0 or later"
            )
        self._link.reply(reply)
        with self.reading():
            self._receive()  # Unity's second call waits for the first command

    def reset(self, side_channel: bytes) -> None:
        """Command new episodes; `receive` returns their start."""
        self._send(RESET, {}, side_channel)

    def step(self, actions: dict[str, list[object]], side_channel: bytes) -> None:
        """Command a step.

        Args:
            actions: by full behaviour name, in the order of the agents' requests.
            side_channel: packed messages.
        """
        self._send(STEP, actions, side_channel)

    def _send(self, command: int, actions: dict[str, list[object]], side_channel: bytes) -> None:
        message = self._input()
        rl_input = message.rl_input
        rl_input.command, rl_input.side_channel = command, side_channel
        for name, values in actions.items():
            rl_input.agent_actions[name].value.extend(values)
        self._link.reply(message)

    def receive(self) -> Any:
        """Wait for Unity's next message and return its UnityRLOutputProto.

        Raises:
            UnityProcessError: The process died, disconnected or did not answer.
            UnityMessageError: The process sent a message that is not valid.
        """
        with self.reading():
            output = self._receive()
            for parameters in output.rl_initialization_output.brain_parameters:
                agents = output.rl_output.agentInfos[parameters.brain_name].value
                if agents:
                    self._learn(Behaviour(parameters, agents[0]))
            unknown = sorted(
                name
                for name, agents in output.rl_output.agentInfos.items()
                if agents.value and name not in self.behaviours
            )
            if unknown:
                raise MessageError(f"there are agents of {unknown[:5]}, which were not announced before")
        return output.rl_output

    def _learn(self, behaviour: Behaviour) -> None:
        """Store a behaviour, which must not change while a program runs."""
        known = self.behaviours.setdefault(behaviour.name, behaviour)
        for kind in ("observation_space", "action_space"):
            before, now = getattr(known, kind), getattr(behaviour, kind)
            if before != now:
                raise MessageError(
                    f"the {kind} of behaviour {behaviour.name!r} was {before}, but is now {now}"
                )
        if len(self.behaviours) > MAX_BEHAVIOURS:
            raise MessageError(f"there are more than {MAX_BEHAVIOURS} behaviours")

    def close(self) -> None:
        """End the process."""
        self._link.close()
        if self._process:
            self._process.close()


def log_file(folder: str, index: int) -> Path:
    """Return the log file of process `index`."""
    return Path(folder).resolve() / f"player-{index}.log"
