"""A watchdog that stops a robot when it gets no commands for a while."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rclpy.clock import Clock, ClockType

from rl_pipeline.envs.ros.topics.network import Network

LOOKS_PER_PAUSE = 10


class Watchdog:
    """Calls the safe action when steps stop, from the network's thread.

    Args:
        network: Participant that runs the timer.
        max_pause: Maximum pause in seconds of the computer's clock.
        let_go: Publishes the safe action.

    Attributes:
        barked: Whether it was called since the last command of the robot.
    """

    def __init__(self, network: Network, max_pause: float, let_go: Callable[[], None]) -> None:
        self.barked = False
        self._max_pause = max_pause
        self._let_go = let_go
        self._left_at: float | None = None
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        network.node.create_timer(max_pause / LOOKS_PER_PAUSE, self._look, clock=clock)

    def take_in_hand(self) -> None:
        """Begin to watch."""
        self.barked = False
        self._left_at = time.monotonic()

    @contextmanager
    def steering(self) -> Iterator[None]:
        """Pause inside the `with` block: a step may take long if the ROS time is slow."""
        self._left_at = None
        try:
            yield
        finally:
            self._left_at = time.monotonic()

    def _look(self) -> None:
        left_at = self._left_at
        if left_at is not None and not self.barked and time.monotonic() - left_at > self._max_pause:
            self.barked = True
            self._let_go()
