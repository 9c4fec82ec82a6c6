"""One Unity program: its process, its connection, and the sessions with it."""

import contextlib
import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.bridge.commands import CommandError
from rl_pipeline.bridge.framing import FrameError
from rl_pipeline.bridge.lockstep import LockstepEndpoint, Topic
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.unity_ros import UnityRos
from rl_pipeline.envs.errors import (
    MalformedReplyError,
    SimulationError,
    SimulationLostError,
    SimulationMissingError,
)
from rl_pipeline.envs.unity_process import UnityProcess, check_build
from rl_pipeline.envs.unity_ros.session import Call, UnitySession

logger = logging.getLogger(__name__)


class UnityInstance:
    """A program that serves a part of the environments.

    Args:
        index: Its number, from 0.
        settings: The section of the configuration.
        sessions: Its sessions, which are not open yet.
        on_message: See `LockstepEndpoint`.

    Raises:
        ConfigError: Its port is in use, or the build does not exist.
    """

    def __init__(
        self,
        index: int,
        settings: UnityRos,
        sessions: list[UnitySession],
        on_message: Callable[[Topic, bytes], None] | None = None,
    ) -> None:
        self.sessions = sessions
        self._settings, self._index = settings, index
        self._process: UnityProcess | None = None
        self._executable = (
            check_build(settings.build_path, "environment.unity_ros.build_path")
            if settings.build_path
            else None
        )
        port = settings.port and settings.port + index
        try:
            self._endpoint = LockstepEndpoint(settings.address, port, on_message)
        except OSError as error:
            remedy = "end the program that listens there, or set another port; 0 takes a free one"
            message = f"cannot listen on {settings.address}:{port}: {error.strerror}"
            raise ConfigError(
                [Problem("environment.unity_ros.port", message, port, remedy=remedy)]
            ) from error
        self._asked: list[tuple[UnitySession, str, int]] = []
        self._deadline = 0.0
        self.is_open = False

    @property
    def name(self) -> str:
        """Description of the program."""
        return f"Unity program {self._index} at port {self._endpoint.port}"

    def start(self) -> list[str]:
        """Start the program, or wait for it, and open the sessions.

        Returns:
            Names of its environments, one for each session.

        Raises:
            SimulationMissingError: It did not connect and offer its services in time.
        """
        self.end_process()
        if self._executable is not None:
            self._process = UnityProcess(
                self._executable, self._arguments(), self._log(), self._settings.headless
            )
        services = [name for session in self.sessions for name in session.services]
        try:
            self._endpoint.accept(services, self._settings.startup_timeout, self._alive)
        except (OSError, FrameError, CommandError) as error:
            raise SimulationMissingError(self._why(f"{self.name}: {error}")) from error
        self.send([session.open_call() for session in self.sessions])
        answers = self.receive("open")
        self.is_open = True
        return [session.opened(answer) for session, answer in zip(self.sessions, answers, strict=True)]

    def _arguments(self) -> list[str]:
        return [
            "--ros-ip",
            self._settings.address,
            "--ros-port",
            str(self._endpoint.port),
            "--n-environments",
            str(sum(session.num_envs for session in self.sessions)),
            *self._settings.arguments,
        ]

    def _log(self) -> Path:
        return Path(tempfile.gettempdir()) / f"rl_pipeline_unity_{self._endpoint.port}.log"

    def _alive(self) -> bool:
        return self._process is None or self._process.alive()

    def _why(self, what: str) -> str:
        return what if self._process is None else str(self._process.failure(what))

    def send(self, calls: Sequence[Call], sessions: list[UnitySession] | None = None) -> None:
        """Send a request for each session, or for each of the given ones.

        Raises:
            SimulationLostError: The program is gone, or does not read.
        """
        self._deadline = time.monotonic() + self._settings.timeout
        self._asked = []
        try:
            for session, call in zip(sessions or self.sessions, calls, strict=True):
                number = self._endpoint.request(*call, self._deadline)
                self._asked.append((session, call.service, number))
        except OSError as error:
            raise self._lost(error) from error

    def receive(self, service: str) -> list[SimpleNamespace]:
        """Wait for the responses.

        Raises:
            SimulationLostError: The program is gone, or did not answer in time.
            MalformedReplyError: The program sent something else.
            SimulationError: A response reports an error.
        """
        try:
            return [
                session.read(service, self._endpoint.response(name, number, self._deadline))
                for session, name, number in self._asked
            ]
        except OSError as error:
            raise self._lost(error) from error
        except (FrameError, CommandError) as error:
            raise MalformedReplyError(f"{self.name}: {error}") from error

    def reset_one(self, session: UnitySession, seeds: Sequence[int]) -> SimpleNamespace:
        """Start new episodes in the environments of one session."""
        self.send([session.reset_call(seeds, np.ones(session.num_envs, np.bool_))], [session])
        return self.receive("reset")[0]

    def picture(self) -> NDArray[np.uint8] | None:
        """Request a picture of the first environment, (height, width, 3); None if the program has none.

        Raises:
            SimulationLostError: The program is gone, or did not answer in time.
        """
        session = self.sessions[0]
        call = session.render_call()
        if not self._endpoint.offers(call.service):
            return None
        self.send([call], [session])
        return session.picture(self.receive("render")[0])

    def _lost(self, error: OSError) -> SimulationLostError:
        self.is_open = False
        stalled = f" within {self._settings.timeout} s" if isinstance(error, TimeoutError) else ""
        return SimulationLostError(self._why(f"{self.name}: {error}{stalled}"))

    def end_process(self) -> None:
        """End the program, if it was started here."""
        self.is_open = False
        self._endpoint.disconnect()
        if self._process is not None:
            self._process.close()
            self._process = None

    def close(self) -> None:
        """End the sessions and the program, and close the port."""
        if self.is_open:
            with contextlib.suppress(SimulationError):  # the program may have ended already
                self.send([session.close_call() for session in self.sessions])
                self.receive("close")
        self.end_process()
        self._endpoint.close()
