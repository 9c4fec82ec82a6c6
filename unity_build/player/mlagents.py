"""The tanks behind ML-Agents' protocol, as Unity's communicator speaks it: a client that asks for every action."""

import struct
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.unity.link import LIMITS, STATUS_LEAVE, STATUS_OK
from rl_pipeline.envs.unity.messages import METHOD, SERVICE, message_class
from rl_pipeline.envs.unity.side_channels import (
    MOST_RECENT,
    PARAMETERS,
    STATISTICS,
    pack,
    read_string,
    unpack,
)
from unity_build.player.faults import Faults
from unity_build.player.steering import Steering
from unity_build.player.tank import ACTION_SIZE, Tanks

CONNECT_S = 30.0
RESET = 1
NAMES = ("Tank?team=0", "Rival?team=1")


class Team:
    """The tanks of one behaviour, with an id for each episode.

    Args:
        name: of the behaviour.
        n: number of tanks.
        first_id: id of the first episode; later ones count up by `id_step`.
        id_step: number of teams, so that no two share an id.
        stagger: steps between an episode's end and the next one's first request.
    """

    def __init__(self, name: str, n: int, seed: int, first_id: int, id_step: int, stagger: int) -> None:
        self.name, self.stagger = name, stagger
        self.tanks = Tanks(n, seed)
        self._next_id, self._id_step = first_id, id_step
        self.ids = [self._new_id() for _ in range(n)]
        self.absent = np.zeros(n, np.int64)
        self.rewards = np.zeros(n)
        self.success: float | None = None
        self.announced = False

    def _new_id(self) -> int:
        self._next_id += self._id_step
        return self._next_id

    @property
    def deciding(self) -> NDArray[np.bool_]:
        """(n,) Which tanks ask for an action."""
        return self.absent == 0

    def begin(self, mask: NDArray[np.bool_], seeds: list[int | None] | None = None) -> None:
        """Start new episodes."""
        self.tanks.reset(mask, seeds)
        for index in np.flatnonzero(mask):
            self.ids[index] = self._new_id()


class MLAgentsPlayer:
    """Serves the tanks to a training process.

    Args:
        port: the training process listens there.
        n_agents: number of tanks; None for what the training process asks for.
        n_scripted: number of tanks of a second behaviour.
        stagger: steps that a new tank is absent.
        steering: how tanks are driven.
        faults: what goes wrong.
    """

    def __init__(
        self,
        port: int,
        n_agents: int | None,
        n_scripted: int,
        stagger: int,
        steering: Steering,
        faults: Faults,
    ) -> None:
        self._message = message_class("UnityMessageProto")
        channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=LIMITS)
        grpc.channel_ready_future(channel).result(CONNECT_S)
        self._call = channel.unary_unary(
            f"/{SERVICE}/{METHOD}", self._message.SerializeToString, self._message.FromString
        )
        self._faults, self._stagger, self._steps = faults, stagger, 0
        self._steering = steering
        self._sizes = (n_agents, n_scripted)
        self._seed: int | None = None
        self._teams: list[Team] = []

    def run(self) -> int:
        """Play until the training process ends it; return the exit status."""
        reply = self._exchange(self._hello())
        if reply is None:
            return 0
        self._make_teams(reply.rl_initialization_input)
        message = self._message()
        while (reply := self._exchange(message)) is not None:
            message = self._message()
            self._read_parameters(reply.rl_input.side_channel)
            if reply.rl_input.command == RESET:
                self._reset()
            else:
                self._step(reply.rl_input, message.unity_output.rl_output)
            self._request(message.unity_output)
        return 0

    def _exchange(self, message: Any) -> Any:
        """Send a message; None when the training process wants no more."""
        message.header.status = STATUS_OK
        try:
            reply = self._call(message)
        except grpc.RpcError:
            return None
        return reply.unity_input if reply.header.status != STATUS_LEAVE else None

    def _hello(self) -> Any:
        message = self._message()
        hello = message.unity_output.rl_initialization_output
        hello.name, hello.communication_version = "AcademySingleton", self._faults.version
        hello.package_version = "2.3.0"
        for name in ("baseRLCapabilities", "hybridActions", "multiAgentGroups"):
            setattr(hello.capabilities, name, True)
        return message

    def _make_teams(self, answer: Any) -> None:
        sizes = (self._sizes[0] or max(1, answer.num_areas), self._sizes[1])
        self._teams = [
            Team(name, n, answer.seed + 1000 * index, index, len(NAMES), self._stagger)
            for index, (name, n) in enumerate(zip(NAMES, sizes, strict=True))
            if n
        ]

    def _read_parameters(self, data: bytes) -> None:
        for channel, payload in unpack(data):
            if channel != PARAMETERS:
                continue
            name, at = read_string(payload)
            kind, value = struct.unpack_from("<if", payload, at)
            if kind:  # a sampler; the player knows the uniform one, and draws once
                seed, _, low, high = struct.unpack_from("<iiff", payload, at + 4)
                value = np.random.default_rng(seed).uniform(low, high)
            if name == "seed":
                self._seed = int(value)
            elif name == "target_range":
                for team in self._teams:
                    team.tanks.target_range = value

    def _reset(self) -> None:
        for index, team in enumerate(self._teams):
            n = team.tanks.n
            seeds: list[int | None] | None = None
            if self._seed is not None:
                seeds = [self._seed + 1000 * index + tank for tank in range(n)]
            team.begin(np.ones(n, np.bool_), seeds)
            team.absent[:] = 0
            team.rewards[:] = 0.0
        self._seed = None

    def _step(self, rl_input: Any, output: Any) -> None:
        self._steps += 1
        self._faults.strike(self._steps)
        for team in self._teams:
            actions = np.zeros((team.tanks.n, ACTION_SIZE))
            given = rl_input.agent_actions[team.name].value
            if len(given) == int(team.deciding.sum()) and len(given):
                seen = team.tanks.observations()[team.deciding]
                actions[team.deciding] = list(map(self._steering.command, given, seen))
            self._advance(team, actions, output.agentInfos[team.name].value)
        if (success := self._teams[0].success) is not None:
            name = b"success_rate"
            payload = struct.pack("<i", len(name)) + name + struct.pack("<fi", success, MOST_RECENT)
            output.side_channel = pack(STATISTICS, payload)

    def _advance(self, team: Team, actions: NDArray[np.float64], agents: Any) -> None:
        waiting = ~team.deciding
        result = team.tanks.step(actions)
        ended = result.ended & ~waiting
        for index in np.flatnonzero(ended):
            agent = self._add(agents, team, int(index), result.observations[index], result.rewards[index])
            agent.done, agent.max_step_reached = True, bool(result.truncated[index])
        team.rewards = np.where(ended | waiting, 0.0, result.rewards)
        team.success = float(result.success[ended].mean()) if ended.any() else None
        team.absent[waiting] -= 1
        team.absent[ended] = team.stagger
        team.begin((ended | waiting) & team.deciding)

    def _request(self, output: Any) -> None:
        """Ask for the next actions, and say what the behaviours are when they appear for the first time."""
        for team in self._teams:
            agents = output.rl_output.agentInfos[team.name].value
            observations = team.tanks.observations()
            for index in np.flatnonzero(team.deciding):
                agent = self._add(agents, team, int(index), observations[index], team.rewards[index])
                agent.action_mask.extend(self._steering.forbidden(observations[index]))
            if not team.announced:
                team.announced = True
                brain = output.rl_initialization_output.brain_parameters.add(brain_name=team.name)
                brain.is_training = True
                self._steering.announce(brain.action_spec)
        if self._steps and self._steps == self._faults.nan_at:
            output.rl_output.agentInfos[NAMES[0]].value[0].observations[0].float_data.data[0] = np.nan

    @staticmethod
    def _add(agents: Any, team: Team, index: int, observation: NDArray[np.float32], reward: float) -> Any:
        agent = agents.add(id=team.ids[index], reward=float(reward))
        sensor = agent.observations.add(
            shape=observation.shape, dimension_properties=[1], name="VectorSensor"
        )
        sensor.float_data.data.extend(observation.tolist())
        return agent
