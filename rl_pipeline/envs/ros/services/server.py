"""Server of a simulation with separate environments for each client."""

import functools
import logging
import math
import time
import uuid
from array import array
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv

from rl_pipeline import plain_data
from rl_pipeline.envs.remote.flat_batch import FlatLayout
from rl_pipeline.envs.remote.space_json import to_json
from rl_pipeline.envs.ros.interfaces import Message
from rl_pipeline.envs.ros.services.requests import (
    RequestError,
    check_num_envs,
    is_repeated,
    read_actions,
    read_reset,
)
from rl_pipeline.wrappers.base import Infos

MAX_SESSIONS = 8
RESULTS = ("final_obs", "_final_obs")

logger = logging.getLogger(__name__)

Watch = Callable[[VectorEnv, np.ndarray | None], None]
Handler = Callable[["SimulationServer", Message, Message], Message]


class Session:
    """The environments of one client.

    Attributes:
        client: Its name.
        env: Its environments.
        sequence: Number of the latest request that changed them.
        answer: The answer to it.
    """

    def __init__(self, client: str, env: VectorEnv) -> None:
        self.client = client
        self.env: Any = env
        self.sequence: int | None = None
        self.answer: Message = None
        self.observations = FlatLayout(env.single_observation_space)
        self.actions = FlatLayout(env.single_action_space)


def answering(function: Handler) -> Handler:
    """Convert an exception to the field `error` of the answer: a bad request must not end the simulation."""

    @functools.wraps(function)
    def answer(server: "SimulationServer", request: Message, response: Message) -> Message:
        try:
            return function(server, request, response)
        except RequestError as error:
            logger.warning("%s was refused: %s", function.__name__, error)
            response.error = f"{type(error).__name__}: {error}"
            return response
        except Exception as error:
            logger.exception("%s failed", function.__name__)
            response.error = f"{type(error).__name__}: {error}"
            return response

    return answer


class SimulationServer:
    """Answers the services of a simulation; the methods are callbacks of the services with the same names.

    Args:
        environment_id: Id of the environment.
        num_envs: Default number of environments of a session.
        make: Makes this many environments with a render mode.
        watch: Called with the environments of the first session after each of its steps and resets, with the
            rewards (num_envs,), None after a reset.
    """

    def __init__(
        self,
        environment_id: str,
        num_envs: int,
        make: Callable[[int, str | None], VectorEnv],
        watch: Watch = lambda env, rewards: None,
    ) -> None:
        self.environment_id = environment_id
        self.num_envs = num_envs
        self._make = make
        self._watch = watch
        self._watched = ""
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._used_at = -math.inf

    def is_used(self, seconds: float) -> bool:
        """Whether a session is open, and one was used in the last given seconds."""
        return bool(self._sessions) and time.monotonic() - self._used_at < seconds

    @answering
    def open(self, request: Message, response: Message) -> Message:
        """Begin a session."""
        known = next((name for name, one in self._sessions.items() if one.client == request.client), None)
        if known is None:
            check_num_envs(request.num_envs)
            env = self._make(request.num_envs or self.num_envs, request.render_mode or None)
            known = uuid.uuid4().hex
            self._sessions[known] = Session(request.client, env)
            self._close_oldest()
        env = self._session(known).env
        response.session, response.environment_id = known, self.environment_id
        response.num_envs = env.num_envs
        response.observation_space = to_json(env.single_observation_space)
        response.action_space = to_json(env.single_action_space)
        return response

    @answering
    def close(self, request: Message, response: Message) -> Message:
        """End a session."""
        self._session(request.session).env.close()
        del self._sessions[request.session]
        return response

    @answering
    def reset(self, request: Message, response: Message) -> Message:
        """Start new episodes."""
        session = self._session(request.session)
        if is_repeated(request.sequence, session.sequence, session.answer, response):
            return session.answer
        seeds, options = read_reset(request.seeds, request.mask, session.env.num_envs)
        observations, infos = session.env.reset(seed=seeds, options=options)
        self._write_observations(session, observations, response)
        self._write_metrics(infos, response)
        return self._finish(session, request, response, None)

    @answering
    def step(self, request: Message, response: Message) -> Message:
        """Step every environment once."""
        session = self._session(request.session)
        if is_repeated(request.sequence, session.sequence, session.answer, response):
            return session.answer
        env = session.env
        actions = read_actions(request.actions, env, session.actions.n_numbers)
        observations, rewards, terminated, truncated, infos = env.step(actions)
        self._write_observations(session, observations, response)
        response.rewards = floats(rewards)
        response.terminated, response.truncated = flags(terminated), flags(truncated)
        if "final_obs" in infos:
            final = session.observations.pack(infos["final_obs"], env.num_envs)
            ended = infos["_final_obs"]
            response.final_observations = floats(final.numbers[ended])
            response.final_images = octets(final.bytes[ended])
        self._write_metrics(infos, response)
        return self._finish(session, request, response, rewards)

    @answering
    def render(self, request: Message, response: Message) -> Message:
        """Return a picture of environment 0."""
        (frame, *_) = self._session(request.session).env.render() or (None,)
        if frame is not None:
            response.height, response.width = frame.shape[:2]
            response.rgb = octets(frame)
        return response

    @answering
    def save_state(self, request: Message, response: Message) -> Message:
        """Return the complete state of a session."""
        response.state = array("B", plain_data.to_bytes(self._session(request.session).env.state_dict()))
        return response

    @answering
    def load_state(self, request: Message, response: Message) -> Message:
        """Continue from a state."""
        session = self._session(request.session)
        session.env.load_state_dict(plain_data.from_bytes(bytes(request.state)))
        return response

    def close_all(self) -> None:
        """Close the environments of all sessions."""
        while self._sessions:
            self._sessions.popitem()[1].env.close()

    def _session(self, name: str) -> Session:
        if name not in self._sessions:
            raise LookupError(f"unknown session '{name}'")
        self._sessions.move_to_end(name)
        self._used_at = time.monotonic()
        return self._sessions[name]

    def _close_oldest(self) -> None:
        """Close the session that has been unused for longest; killed clients leave sessions behind."""
        if len(self._sessions) > MAX_SESSIONS:
            _, session = self._sessions.popitem(last=False)
            logger.warning("more than %d sessions: closing that of %s", MAX_SESSIONS, session.client)
            session.env.close()

    def _finish(
        self, session: Session, request: Message, response: Message, rewards: np.ndarray | None
    ) -> Message:
        session.sequence, session.answer = request.sequence, response
        if self._watched not in self._sessions:
            self._watched = request.session
        if self._watched == request.session:
            self._watch(session.env, rewards)
        return response

    @staticmethod
    def _write_observations(session: Session, observations: Any, response: Message) -> None:
        flat = session.observations.pack(observations, session.env.num_envs)
        response.observations, response.images = floats(flat.numbers), octets(flat.bytes)

    @staticmethod
    def _write_metrics(infos: Infos, response: Message) -> None:
        names = [name for name in infos if f"_{name}" in infos and name not in RESULTS]
        if names:
            response.metric_names = names
            response.metrics = floats(np.stack([infos[name] for name in names]))
            response.metrics_mask = flags(np.stack([infos[f"_{name}"] for name in names]))


def floats(values: np.ndarray) -> "array[float]":
    """Return values in a form that rclpy accepts without a check of each value."""
    numbers = array("d")
    numbers.frombytes(np.ascontiguousarray(values, np.float64).tobytes())
    return numbers


def octets(values: np.ndarray) -> "array[int]":
    """Return bytes in a form that rclpy accepts without a check of each byte."""
    return array("B", np.ascontiguousarray(values, np.uint8).tobytes())


def flags(values: np.ndarray) -> "array[int]":
    """Return truth values as bytes."""
    return octets(np.asarray(values, np.bool_).view(np.uint8))
