"""The topics that a policy on a robot listens to: their newest messages, and whether these keep arriving."""

import time

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import Bool, Empty

from rl_pipeline.config.deploy import KEY, Deploy
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.deploy.safety import EmergencyStop, TopicWatch
from rl_pipeline.envs.errors import MalformedReplyError, SimulationMissingError
from rl_pipeline.envs.ros.interfaces import Message, find_interface
from rl_pipeline.envs.ros.topics.arrivals import Arrivals, wait_for_arrivals
from rl_pipeline.envs.ros.topics.network import find_type
from rl_pipeline.envs.ros.topics.reader import ObservationReader
from rl_pipeline.envs.ros.topics.subscriber import offered_quality, stamp_of
from rl_pipeline.envs.ros.waiting import wait_for
from rl_pipeline.policies.observations import Observation
from rl_pipeline.policies.spec import PolicySpec, Signal


class PolicyTopics:
    """Listens to observations, the trigger, starts of episodes and the emergency stop.

    One thread calls `take` continuously and without a lock; another one may call `connect` meanwhile. The lock of the
    control loop guards the methods that both threads call.

    Args:
        node: Node on the network.
        deploy: Description of the robot.
        spec: The policy.

    Attributes:
        reader: Reads observations from the messages.

    Raises:
        ConfigError: The description of the observations is malformed.
    """

    def __init__(self, node: Node, deploy: Deploy, spec: PolicySpec) -> None:
        self._node, self._deploy = node, deploy
        self.reader = ObservationReader(deploy.observed, deploy.images, KEY, dtype=_number_type(spec))
        self._messages: dict[str, Message] = {}
        self._classes: dict[str, type] = {}
        self._watches: dict[str, TopicWatch] = {}
        self._arrivals: tuple[Arrivals, ...] = ()
        self._emergency: EmergencyStop | None = None
        self._triggered: int | None = None
        self._episode_starts = False

    def listen_to_emergency_stop(self) -> None:
        """Subscribe to the emergency stop, if the robot has one."""
        topic, heartbeat = self._deploy.safety.emergency_stop, self._deploy.safety.heartbeat
        if topic is None:
            return
        emergency = EmergencyStop(self._node.resolve_topic_name(topic), heartbeat)

        def arrived(message: Bool) -> None:
            emergency.received(time.monotonic_ns(), pressed=message.data)

        self._emergency = emergency
        # A later publisher may not offer reliable delivery, and a reliable subscription would not receive it.
        best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        for quality in (offered_quality(self._node, topic), best_effort):
            self._arrivals += (Arrivals(self._node, Bool, topic, quality, arrived),)

    def connect(self, deadline: float) -> None:
        """Subscribe to all other topics and wait for the first messages.

        Args:
            deadline: Time of `time.monotonic` in seconds, until which publishers and messages are waited for.

        Raises:
            ConfigError: A topic has an unknown or a wrong type.
            SimulationMissingError: A topic is missing or silent.
        """
        if self._deploy.episode_start is not None:
            self._listen_to_episode_starts(self._deploy.episode_start, self._deploy.startup_timeout)
        for topic in dict.fromkeys([*self.reader.topics, *filter(None, [self._deploy.trigger])]):
            if topic not in self._watches:
                self._subscribe(topic, max(0.0, deadline - time.monotonic()))
        self.reader.check_types(self._classes)
        if not wait_for(self._all_have_arrived, max(0.1, deadline - time.monotonic()), "the first messages"):
            problems = (watch.problem(time.monotonic_ns()) for watch in self._watches.values())
            raise SimulationMissingError("; ".join(filter(None, problems)))

    def take(self, timeout: int) -> None:
        """Wait for messages, at most so many nanoseconds, and take them."""
        wait_for_arrivals(self._arrivals, self._node.context, timeout)
        for one in self._arrivals:
            one.take()

    def take_trigger(self) -> int | None:
        """Return the time of the trigger's first message since the last call; None if there was none."""
        triggered, self._triggered = self._triggered, None
        return triggered

    def take_episode_start(self) -> bool:
        """Return whether an episode has started since the last call."""
        starts, self._episode_starts = self._episode_starts, False
        return starts

    def forgive(self) -> None:
        """Clear jumps of time stamps."""
        for watch in self._watches.values():
            watch.forgive()

    def problem(self, now: int) -> str | None:
        """Return the problem of the emergency stop or of a topic."""
        if self._emergency is not None and (problem := self._emergency.problem(now)):
            return problem
        for watch in self._watches.values():
            if problem := watch.problem(now):
                return problem
        return None

    def read(self) -> Observation:
        """Return the observation from the newest messages.

        Raises:
            MalformedReplyError: A message cannot be read as before, or has NaN or infinity.
        """
        return self.reader.read(self._messages)

    def observe(self, problem: str | None) -> tuple[Observation | None, str | None]:
        """Return the observation; instead, return the given problem, or that of a malformed message."""
        if problem is not None:
            return None, problem
        try:
            return self.read(), None
        except MalformedReplyError as error:
            return None, str(error)

    def close(self) -> None:
        """Leave the topics; `take` must not be called any more."""
        for one in self._arrivals:
            self._node.destroy_subscription(one.subscription)

    def _all_have_arrived(self) -> bool:
        now = time.monotonic_ns()
        return not any(watch.problem(now) for watch in self._watches.values())

    def _subscribe(self, topic: str, timeout: float) -> None:
        name = self._node.resolve_topic_name(topic)
        message_class = find_interface(find_type(self._node, name, timeout), f"{KEY}.observations")
        watch = TopicWatch(name, self._deploy.safety.max_age)

        def arrived(message: Message) -> None:
            now = time.monotonic_ns()
            self._messages[topic] = message
            watch.arrived(now, stamp_of(message))
            if topic == self._deploy.trigger and self._triggered is None:
                self._triggered = now

        quality = offered_quality(self._node, name)
        self._watches[topic], self._classes[topic] = watch, message_class
        # Taken before the starts of episodes, which are published before their observations.
        self._arrivals = (Arrivals(self._node, message_class, topic, quality, arrived), *self._arrivals)

    def _listen_to_episode_starts(self, topic: str, timeout: float) -> None:
        name = self._node.resolve_topic_name(topic)
        if any(one.subscription.topic_name == name for one in self._arrivals):
            return
        found, needed = find_type(self._node, name, timeout), "std_msgs/msg/Empty"
        if found != needed:
            message = f"{name} has the type {found}"
            raise ConfigError([Problem(f"{KEY}.episode_start", message, topic, [needed])])

        def arrived(message: Empty) -> None:
            self._episode_starts = True

        quality = offered_quality(self._node, name)
        self._arrivals += (Arrivals(self._node, Empty, topic, quality, arrived),)


def _number_type(spec: PolicySpec) -> np.dtype[np.generic]:
    """Return the type of the numbers that a policy observes beside images."""
    observation = spec.observation
    signals = [observation] if isinstance(observation, Signal) else list(observation.values())
    return np.dtype(next((one.dtype for one in signals if len(one.shape) == 1), np.float32))
