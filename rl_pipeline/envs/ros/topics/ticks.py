"""Steps at a rate of ROS time."""

import time

from rl_pipeline.envs.errors import SimulationLostError
from rl_pipeline.envs.ros.topics.network import Network

POLL_S = 0.0005


class Ticks:
    """Waits for the moments at which the next action is due.

    Args:
        network: Knows the time.
        rate: Moments per second of ROS time.
        timeout: Seconds of the wall clock that the ROS time may stand still.

    Attributes:
        late: Whether the latest moment had passed already when it was waited for.
    """

    def __init__(self, network: Network, rate: float, timeout: float) -> None:
        self._network = network
        self._period = 1.0 / rate
        self._timeout = timeout
        self._due: float | None = None
        self.late = False

    def restart(self) -> None:
        """Count from the next action on."""
        self._due = None

    def wait(self) -> None:
        """Wait for the end of the step that begins now, or began one period after the latest one.

        Raises:
            SimulationLostError: The ROS time stands still.
        """
        now = self._network.now()
        due = now + self._period if self._due is None else self._due + self._period
        self.late = due < now
        self._due = now if self.late else due
        deadline = time.monotonic() + self._timeout + self._period
        while (left := self._due - self._network.now()) > 0:
            if time.monotonic() > deadline:
                raise SimulationLostError(
                    f"the ROS time stands still at {self._network.now():.3f} s; is the simulation paused, and does "
                    "somebody publish /clock (environment.ros_topics.use_sim_time)?"
                )
            time.sleep(min(left, POLL_S))
