"""One Unity process with its restarts, its agents' rows, its other behaviours and its side channels."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.config.unity import Curriculum, Unity
from rl_pipeline.envs.unity import side_channels
from rl_pipeline.envs.unity.agent_rows import AgentRows, StepArrays
from rl_pipeline.envs.unity.behaviour import Behaviour, sensor_boxes
from rl_pipeline.envs.unity.decode import decode_agents
from rl_pipeline.envs.unity.instance import UnityInstance, log_file
from rl_pipeline.envs.unity.other_behaviours import OtherBehaviours, act
from rl_pipeline.envs.unity_process import UnityProcess, UnityProcessError, check_build

EDITOR_PORT = 5004
MAX_EXCHANGES = 10_000
"""Number of messages without requests of all environments after which agents count as missing."""


class UnitySession:
    """Steps the rows of one process.

    Args:
        settings: section of the configuration.
        index: index of the process.
        rows: its environments.
    """

    def __init__(self, settings: Unity, index: int, rows: slice) -> None:
        self._settings = settings
        self._index = index
        self._agents = AgentRows(rows)
        self._others = OtherBehaviours(settings.other_behaviours)
        self._build = check_build(settings.build_path) if settings.build_path else None
        self._values: dict[str, float] = {}
        self._exchanges = 0
        self._replies: dict[str, list[Any]] = {}
        self._ended: dict[str, list[int]] = {}
        self._instance: UnityInstance | None = None
        self.trained: Behaviour | None = None

    @property
    def rows(self) -> slice:
        """Indices of the process's environments."""
        return self._agents.rows

    @property
    def pid(self) -> int | None:
        """Process id of the build."""
        return self._instance.pid if self._instance else None

    @property
    def complete(self) -> bool:
        """Whether the present step or reset is complete."""
        return self._agents.complete

    def start(self, seed: int) -> None:
        """Start the process, or restart it after a crash.

        Raises:
            UnityProcessError: The process does not start.
        """
        self.close()
        port = EDITOR_PORT if self._build is None else 0
        if self._settings.base_port is not None and self._build is not None:
            port = self._settings.base_port + self._index
        n = self.rows.stop - self.rows.start
        starter = self._start_build if self._build else None
        self._instance = UnityInstance(starter, port, seed, n, self._settings.timeout)
        self._pending = side_channels.engine(self._settings.engine)
        self._values.clear()
        for name, value in self._settings.parameters.items():
            if not isinstance(value, Curriculum):
                self._pending += side_channels.parameter(name, value, seed)

    def _start_build(self, port: int) -> UnityProcess:
        arguments = ["--mlagents-port", str(port), *self._settings.arguments]
        log = log_file(self._settings.log_folder, self._index)
        assert isinstance(self._build, Path)
        return UnityProcess(self._build, arguments, log, self._settings.headless)

    @property
    def _running(self) -> UnityInstance:
        if self._instance is None:
            raise UnityProcessError("the build was closed")
        return self._instance

    def follow_curricula(self, timestep: int) -> None:
        """Send the curricula's values of a timestep with the next message."""
        for name, curriculum in self._settings.parameters.items():
            if isinstance(curriculum, Curriculum):
                value = side_channels.value_at(curriculum, timestep)
                if self._values.get(name) != value:
                    self._values[name] = value
                    self._pending += side_channels.parameter(name, value)

    def begin_reset(self, seed: int | None) -> None:
        """Command new episodes, with a seed for scenes that read the parameter `seed`."""
        if seed is not None:
            self._pending += side_channels.parameter("seed", float(seed % side_channels.EXACT_SEEDS))
        self._agents.forget()
        self._exchanges = 0
        self._running.reset(self._take_pending())

    def begin_step(self, step: StepArrays) -> None:
        """Wait for every environment again."""
        self._exchanges = 0
        self._agents.begin_step(step)

    def send(self, actions: np.ndarray) -> None:
        """Send the actions, (n of all rows, *action shape), to the agents that request one."""
        assert self.trained is not None
        chosen, rows = self.trained.still(self._agents.forbidden), self._agents.asking
        known = rows >= 0
        chosen[known] = actions[rows[known]].reshape(chosen[known].shape)
        self._reply(chosen)

    def send_still(self) -> None:
        """Send actions that do nothing to the agents that request one."""
        self._reply(self.trained.still(self._agents.forbidden) if self.trained else None)

    def _reply(self, actions: np.ndarray | None) -> None:
        if self.trained is not None and actions is not None:
            self._replies[self.trained.name] = self.trained.protos(actions, self._agents.forbidden)
        self._running.step(self._replies, self._take_pending())

    def _take_pending(self) -> bytes:
        pending, self._pending = self._pending, b""
        return pending

    def receive(self, step: StepArrays | None) -> StepArrays | None:
        """Receive the next message; the first one defines the spaces, so `step` may be None before."""
        output = self._running.receive()
        self._replies = {}
        if not self._running.behaviours and not output.agentInfos:
            return self._wait_for_agents(step)
        name = self._full_name()
        self.trained = self._running.behaviours[name]
        step = step or StepArrays(self.rows.stop, sensor_boxes(self.trained.observation_space))
        for other, agents in output.agentInfos.items():
            if other != name and agents.value:
                self._answer(other, agents.value)
        agents = output.agentInfos[name].value if name in output.agentInfos else []
        if len(agents):
            with self._running.reading():
                batch = decode_agents(agents, self.trained)
            self._agents.take(batch, step)
        else:
            self._agents.asking, self._agents.forbidden = np.zeros(0, np.int64), []
        with self._running.reading():
            statistics = side_channels.statistics(output.side_channel)
        for metric, value in statistics.items():
            step.add_metric(metric, self.rows, value)
        self._wait_for_agents(step)
        return step

    def _wait_for_agents(self, step: StepArrays | None) -> StepArrays | None:
        self._exchanges += 1
        if self._exchanges > MAX_EXCHANGES:
            raise ConfigError([self._too_few()])
        return step

    def _too_few(self) -> Problem:
        n = self.rows.stop - self.rows.start
        there = n - self._agents.n_missing
        return Problem(
            "environment.n_environments",
            f"{n} environments are requested of process {self._index}, but the scene has {there} agents that decide",
            remedy=f"set environment.n_environments to {there} per instance, or put more agents into the scene",
        )

    def _answer(self, name: str, agents: object) -> None:
        behaviour = self._running.behaviours[name]
        with self._running.reading():
            batch = decode_agents(agents, behaviour)
        asking = np.flatnonzero(~batch.done)
        forbidden = [batch.forbidden[index] for index in asking]
        rule = self._others.rule(behaviour)
        actions = behaviour.still(forbidden)
        ended = self._ended.setdefault(name, [])
        ended += [batch.ids[index] for index in np.flatnonzero(batch.done)]
        if rule is not None and len(asking):
            actions = act(rule, batch, ended, actions.shape[1:], name)
            ended.clear()
        self._replies[name] = behaviour.protos(actions, forbidden)

    def _full_name(self) -> str:
        names = {name.split("?")[0]: name for name in self._running.behaviours}
        wanted = self._settings.trained_behaviour
        if wanted is None and len(names) == 1:
            return next(iter(names.values()))
        if wanted in names:
            return names[wanted]
        message = (
            "the build has several behaviours" if wanted is None else "the build does not have this behaviour"
        )
        near = nearest(wanted, names) if wanted else None
        remedy = "name the behaviour to train"
        key = "environment.unity.trained_behaviour"
        raise ConfigError([Problem(key, message, wanted, list(names), near, remedy)])

    def action_masks(self) -> dict[int, NDArray[np.bool_]]:
        """Return the allowed actions by row; rows without an entry may take every action."""
        pairs = zip(self._agents.asking, self._agents.forbidden, strict=True)
        return {int(row): ~mask for row, mask in pairs if row >= 0 and mask is not None}

    def close(self) -> None:
        """End the process."""
        if self._instance is not None:
            self._instance.close()
            self._instance = None
