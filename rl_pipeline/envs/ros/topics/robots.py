"""Robots behind topics."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

from rl_pipeline.class_path import resolve_class
from rl_pipeline.config.ros_topics import RosTopics
from rl_pipeline.envs.errors import SimulationError, SimulationLostError
from rl_pipeline.envs.ros.calls import Call, ServiceCaller, place_of
from rl_pipeline.envs.ros.interfaces import find_interface
from rl_pipeline.envs.ros.robots import Robots, RobotVectorEnv, Transition
from rl_pipeline.envs.ros.topics.commander import Commander
from rl_pipeline.envs.ros.topics.network import Network
from rl_pipeline.envs.ros.topics.observer import Observer
from rl_pipeline.envs.ros.topics.task import TopicTask
from rl_pipeline.envs.ros.topics.ticks import Ticks
from rl_pipeline.envs.ros.topics.watchdog import Watchdog
from rl_pipeline.policies.observations import Observation
from rl_pipeline.policies.spec import Signals

KEY = "environment.ros_topics"
LATE = "late"


def _space_of(signals: Signals) -> spaces.Space[Any]:
    if isinstance(signals, dict):
        return spaces.Dict({name: _space_of(signal) for name, signal in signals.items()})
    return spaces.Box(signals.low, signals.high, signals.shape, np.dtype(signals.dtype).type)


class TopicRobots(Robots):
    """Publishes actions at a fixed rate and observes the topics at the end of each step.

    Args:
        settings: Topics, rate, timeouts.
        tasks: Reward and end, one for each robot.

    Raises:
        ConfigError: A field or type does not exist.
        SimulationError: A topic or service is missing or silent.
    """

    def __init__(self, settings: RosTopics, tasks: list[TopicTask]) -> None:
        self._settings = settings
        self._tasks = tasks
        n = len(tasks)
        self._network = Network(use_sim_time=settings.use_sim_time)
        self._caller = ServiceCaller(settings.timeout, retries=0)
        self._commanders: list[Commander] = []
        try:
            self._commanders = [
                Commander(self._network.node, settings.actions, f"{KEY}.actions", index) for index in range(n)
            ]
            self.names = [commander.name for commander in self._commanders]
            self._offer_resets(n)
            self._observers = [Observer(self._network, settings, index) for index in range(n)]
        except BaseException:
            self.close()
            raise
        self._ticks = Ticks(self._network, settings.rate, settings.timeout)
        self._watchdog = Watchdog(self._network, settings.max_pause, self._let_go)
        self.observation_space = _space_of(self._observers[0].signals)
        self.action_space = spaces.Box(self._commanders[0].low, self._commanders[0].high)
        self._latest: list[Any] = [None] * n

    def _offer_resets(self, n: int) -> None:
        service_type = find_interface(self._settings.reset_type, f"{KEY}.reset_type")
        self._request = service_type.Request()
        self._resets = [
            [place_of(name.format(index=index)) for name in self._settings.reset_services]
            for index in range(n)
        ]
        for place in {place for places in self._resets for place in places}:
            self._caller.client(*place, service_type)

    def reset(self, seeds: Mapping[int, int | None]) -> dict[int, Observation]:
        """See `Robots`. A robot has no seeds; it waits for lost robots."""
        for index in seeds:
            self._commanders[index].wait_for_listeners(self._settings.startup_timeout)
            self._commanders[index].publish_safe()
        for round_ in zip(*(self._resets[index] for index in seeds), strict=True):
            self._call(dict.fromkeys(round_))
        since = self._network.now()
        observations = {}
        for index in seeds:
            observation = self._observers[index].observe(since, self._settings.startup_timeout)
            self._tasks[index].reset(observation)
            observations[index] = self._latest[index] = observation
        self._ticks.restart()
        self._watchdog.take_in_hand()
        return observations

    def step(self, actions: np.ndarray) -> list[Transition | SimulationError]:
        """See `Robots`; the metric `late` is whether the action was late."""
        if self._watchdog.barked:
            return [Transition(observation, 0.0, truncated=True) for observation in self._latest]
        with self._watchdog.steering():
            for commander, action in zip(self._commanders, actions, strict=True):
                commander.publish(action)
            try:
                self._ticks.wait()
            except SimulationLostError as error:
                return [error] * len(self._tasks)
            return [self._transition(index, actions[index]) for index in range(len(self._tasks))]

    def _let_go(self) -> None:
        for commander in self._commanders:
            commander.publish_safe(wait=False)

    def _transition(self, index: int, action: np.ndarray) -> Transition | SimulationError:
        try:
            observation = self._observers[index].observe()
        except SimulationLostError as error:
            self._commanders[index].publish_safe()
            return error
        task = self._tasks[index]
        reward = task.reward(self._latest[index], np.asarray(action), observation)
        self._latest[index] = observation
        metrics = {LATE: float(self._ticks.late), **task.metrics(observation)}
        return Transition(observation, reward, bool(task.terminated(observation)), metrics=metrics)

    def _call(self, places: Mapping[tuple[str, str], None]) -> None:
        for place in places:
            self._caller.wait_for(place[0], self._settings.startup_timeout)
        answers = self._caller.call({place: Call(*place, self._request) for place in places})
        for place in places:
            if place not in answers:
                raise self._caller.timed_out(*place, asked=1)
            if not getattr(answers[place], "success", True):
                raise SimulationError(f"{'/'.join(place)} failed: {answers[place].message}")

    def close(self) -> None:
        """Leave the robots that were commanded in a safe state, and leave the network."""
        for commander in self._commanders:
            commander.release()
        self._caller.close()
        self._network.close()


def make_topics_vector_env(settings: RosTopics, n: int, arguments: Mapping[str, object]) -> RobotVectorEnv:
    """Make environments of `n` robots; `arguments` are the keyword arguments of their tasks.

    Raises:
        ConfigError: The task, a field or a type does not exist.
        SimulationError: A topic or service is missing or silent.
    """
    task = resolve_class(settings.task, TopicTask, f"{KEY}.task")
    robots = TopicRobots(settings, [task(**arguments) for _ in range(n)])
    return RobotVectorEnv(robots, settings.max_episode_steps, settings.max_restarts, KEY)
