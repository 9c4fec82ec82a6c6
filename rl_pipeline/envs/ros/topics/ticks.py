"""Steps at a rate of ROS time."""

import time

from rl_pipeline.envs.errors import SimulationLostError
from rl_pipeline.envs.ros.topics.network import Network

POLL_S = 0.0005


class Ticks:
    """Waits for the times at which the next action is due.

    Args:
        network: Participant with the ROS time.
        rate: Actions per second of ROS time.
        timeout: Seconds of the wall clock for which the ROS time may stop.

    Attributes:
        late: Whether the latest time had already passed when the wait began.
    """

    def __init__(self, network: Network, rate: float, timeout: float) -> None:
        self._network = network
        self._period = 1.0 / rate
        self._timeout = timeout
        self._due: float | None = None
        self.late = False

    def restart(self) -> None:
        """Restart with the next action."""
        self._due = None

    def wait(self) -> None:
        """Wait for the end of the step that begins now, or began one period after the latest one.

        Raises:
            SimulationLostError: The ROS time does not advance.
        """
        now = self._network.now()
        due = now + self._period if self._due is None else self._due + self._period
        self.late = due < now
        self._due = now if self.late else due
        deadline = time.monotonic() + self._timeout + self._period
        while (left := self._due - self._network.now()) > 0:
            if time.monotonic() > deadline:
                raise SimulationLostError(
                    f"the ROS time has stopped at {self._network.now():.3f} s; is the simulation paused, and is "
                    "/clock published (environment.ros_topics.use_sim_time)?"
                )
            time.sleep(min(left, POLL_S))
