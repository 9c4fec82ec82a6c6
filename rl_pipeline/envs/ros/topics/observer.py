"""The observed topics of one robot."""

from rl_pipeline.config.ros_topics import RosTopics
from rl_pipeline.envs.ros.topics.network import Network
from rl_pipeline.envs.ros.topics.reader import ObservationReader
from rl_pipeline.envs.ros.topics.subscriber import Subscriber
from rl_pipeline.policies.observations import Observation

KEY = "environment.ros_topics"


class Observer:
    """Subscribes to the topics of a robot; the first messages determine the form of the observation.

    Args:
        network: Participant that subscribes.
        settings: Settings of the observation.
        index: Number of the robot.

    Attributes:
        signals: Numbers, or numbers and images.

    Raises:
        ConfigError: A field does not exist.
        SimulationError: A topic is missing or silent.
    """

    def __init__(self, network: Network, settings: RosTopics, index: int) -> None:
        self._settings = settings
        self._reader = ObservationReader(settings.observations, settings.images, KEY, index)
        self._subscribers = {
            topic: Subscriber(network, topic, settings.startup_timeout) for topic in self._reader.topics
        }
        self._reader.check_types({topic: one.message_class for topic, one in self._subscribers.items()})
        self.signals = self._reader.signals(self.observe(since=0.0, timeout=settings.startup_timeout))

    def observe(self, since: float = 0.0, timeout: float | None = None) -> Observation:
        """Return the observation from the newest messages.

        Args:
            since: ROS time in seconds before which messages are too old.
            timeout: Seconds to wait for a fresh message; by default, from the configuration.

        Raises:
            SimulationLostError: A topic is silent, or its messages are too old.
            MalformedReplyError: A message has a different size than before, no value of a joint, or NaN or infinity.
        """
        wait = self._settings.timeout if timeout is None else timeout
        messages = {
            topic: one.wait_until_fresh(since, self._settings.max_age, wait)
            for topic, one in self._subscribers.items()
        }
        return self._reader.read(messages)
