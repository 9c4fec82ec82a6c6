"""The observation of one robot, put together from its topics."""

from collections.abc import Sequence

import numpy as np
from gymnasium import spaces

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.ros_topics import ObservationField, RosTopics
from rl_pipeline.envs.errors import MalformedReplyError
from rl_pipeline.envs.ros.interfaces import Message
from rl_pipeline.envs.ros.topics.field_path import FieldPath, check_fields, parse
from rl_pipeline.envs.ros.topics.images import decode
from rl_pipeline.envs.ros.topics.network import Network
from rl_pipeline.envs.ros.topics.subscriber import Subscriber
from rl_pipeline.policies.observations import Observation

KEY = "environment.ros_topics"
STATE = "state"
IMAGE_TYPE = "Image"


class Observer:
    """Subscribes to the topics of a robot; the first messages tell the observation space.

    Args:
        network: Listens.
        settings: What is observed.
        index: Number of the robot.

    Attributes:
        space: A box of numbers, or a dictionary with pictures.

    Raises:
        ConfigError: A field does not exist.
        SimulationError: A topic is missing or silent.
    """

    def __init__(self, network: Network, settings: RosTopics, index: int) -> None:
        self._network = network
        self._settings = settings
        self._subscribers: dict[str, Subscriber] = {}
        listed = [
            one if isinstance(one, ObservationField) else ObservationField(field=one)
            for one in settings.observations
        ]
        self._fields = [(parse(one.field.format(index=index), f"{KEY}.observations"), one) for one in listed]
        self._images = {name: topic.format(index=index) for name, topic in settings.images.items()}
        for topic in [*(path.topic for path, _ in self._fields), *self._images.values()]:
            if topic not in self._subscribers:
                self._subscribers[topic] = Subscriber(network, topic, settings.startup_timeout)
        self._check_types()
        self._sizes: list[int] | None = None
        first = self.observe(since=0.0, timeout=settings.startup_timeout)
        self.space = self._space_of(first)

    def observe(self, since: float = 0.0, timeout: float | None = None) -> Observation:
        """Return what the newest messages say.

        Args:
            since: ROS time in seconds before which messages are too old.
            timeout: Seconds to wait for a fresh message; by default that of the configuration.

        Raises:
            SimulationLostError: A topic is silent, or its messages are too old.
            MalformedReplyError: A message has another size than before, or NaN.
        """
        wait = self._settings.timeout if timeout is None else timeout
        messages = {
            topic: one.wait_until_fresh(since, self._settings.max_age, wait)
            for topic, one in self._subscribers.items()
        }
        pictures = {name: decode(messages[topic], topic) for name, topic in self._images.items()}
        if not self._fields:
            return pictures
        state = self._numbers(messages)
        return {STATE: state, **pictures} if pictures else state

    def _numbers(self, messages: dict[str, Message]) -> np.ndarray:
        parts = [self._read(path, limits, messages[path.topic]) for path, limits in self._fields]
        sizes = [len(part) for part in parts]
        if self._sizes is None:
            self._sizes = sizes
        for (path, _), size, expected in zip(self._fields, sizes, self._sizes, strict=True):
            if size != expected:
                raise MalformedReplyError(f"{path} has {size} numbers, it had {expected} before")
        return np.concatenate(parts).astype(np.float32)

    @staticmethod
    def _read(path: FieldPath, limits: ObservationField, message: Message) -> np.ndarray:
        numbers = path.read(message)
        if np.isnan(numbers).any():
            raise MalformedReplyError(
                f"{path} is NaN at position {int(np.flatnonzero(np.isnan(numbers))[0])}"
            )
        clipped = (
            np.clip(numbers, limits.low, limits.high)
            if (limits.low, limits.high) != (None, None)
            else numbers
        )
        if np.isinf(clipped).any():
            raise MalformedReplyError(f"{path} is infinite; give it `low` and `high` in {KEY}.observations")
        return clipped

    def _check_types(self) -> None:
        for path, _ in self._fields:
            check_fields(path, self._subscribers[path.topic].message_class(), f"{KEY}.observations")
        for name, topic in self._images.items():
            kind = self._subscribers[topic].message_class.__name__
            if kind != IMAGE_TYPE:
                raise ConfigError(
                    [
                        Problem(
                            f"{KEY}.images.{name}",
                            f"{topic} has messages of {kind}",
                            topic,
                            ["sensor_msgs/msg/Image"],
                        )
                    ]
                )

    def _space_of(self, observation: Observation) -> spaces.Space:
        if isinstance(observation, dict):
            return spaces.Dict({name: self._space_of(part) for name, part in observation.items()})
        if observation.ndim == 1:
            low, high = self._limits("low", -np.inf), self._limits("high", np.inf)
            return spaces.Box(low, high, dtype=np.float32)
        if np.issubdtype(observation.dtype, np.integer):
            return spaces.Box(0, np.iinfo(observation.dtype).max, observation.shape, observation.dtype.type)
        return spaces.Box(-np.inf, np.inf, observation.shape, observation.dtype.type)

    def _limits(self, side: str, default: float) -> np.ndarray:
        sizes: Sequence[int] = self._sizes or []
        values = [getattr(limits, side) for _, limits in self._fields]
        numbers = [default if value is None else value for value in values]
        return np.repeat(np.asarray(numbers, np.float32), sizes)
