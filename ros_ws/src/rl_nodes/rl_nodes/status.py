"""Publication of a training's status."""

import math
from collections.abc import Callable, Mapping

from rclpy.node import Node
from rl_interfaces.msg import EpisodeStatistics, TrainingStatus

from rl_nodes.delivery import LATCHED, wait_for_listener
from rl_nodes.episodes import TRAINING, training_statistics
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.tracking.writer import Writer


class StatusPublisher:
    """Publishes the topics `~/status` and `~/episodes` of a node that trains.

    Args:
        node: Its node.

    Attributes:
        latest: The latest status.
        on_status: Called with every status.
    """

    def __init__(self, node: Node) -> None:
        self._clock = node.get_clock()
        self._status = node.create_publisher(TrainingStatus, "~/status", LATCHED)
        self._episodes = node.create_publisher(EpisodeStatistics, "~/episodes", LATCHED)
        self.latest = TrainingStatus()
        self.on_status: Callable[[TrainingStatus], None] = lambda status: None

    def change(self, **fields: object) -> None:
        """Change fields of the status and publish it."""
        for name, value in fields.items():
            setattr(self.latest, name, value)
        self.latest.stamp = self._clock.now().to_msg()
        self._status.publish(self.latest)
        self.on_status(self.latest)

    def publish_episodes(self, statistics: EpisodeStatistics) -> None:
        """Publish statistics with the present time."""
        statistics.stamp = self._clock.now().to_msg()
        self._episodes.publish(statistics)

    def wait_for_listeners(self) -> None:
        """Deliver the latest messages to the subscribers before the node ends."""
        wait_for_listener(self._status)
        wait_for_listener(self._episodes)

    def writer(self, folder: RunFolder) -> "StatusWriter":
        """Start a training; its records are published."""
        self.latest = TrainingStatus(fps=math.nan, mean_return=math.nan)
        self.change(state="training", run_folder=str(folder.path))
        return StatusWriter(self)


class StatusWriter(Writer):
    """Publishes the rows of a run's curve.

    Args:
        publisher: The publisher.
    """

    def __init__(self, publisher: StatusPublisher) -> None:
        self._publisher = publisher

    def write(self, timestep: int, values: Mapping[str, float]) -> None:
        """Publish a row; the row of an evaluation does not change the status."""
        statistics = training_statistics(timestep, values)
        if statistics is not None:
            self._publisher.publish_episodes(statistics)
        if "time/fps" in values:
            mean_return = float(values.get(TRAINING["mean_return"], math.nan))
            self._publisher.change(timestep=timestep, fps=float(values["time/fps"]), mean_return=mean_return)

    def close(self, status: str) -> None:
        """Publish the final status of the run."""
        self._publisher.change(state=status)
