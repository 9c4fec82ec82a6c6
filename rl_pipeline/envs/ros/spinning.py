"""Execution of nodes' callbacks, in this thread or another one, until it is stopped or ROS is shut down.

`spin` and `shutdown` of rclpy's executors can race: if a signal or another thread shuts an executor down while it
prepares to wait, it may wait forever or fail.
"""

import threading
from collections.abc import Callable

from rclpy._rclpy_pybind11 import RCLError
from rclpy.clock import Clock, ClockType
from rclpy.executors import Executor, ExternalShutdownException

SHUTDOWN_CHECK = 1.0
"""Seconds after which a shutdown is detected whose wake-up came too early."""


def spin(executor: Executor, is_over: Callable[[], bool] = lambda: False) -> None:
    """Run callbacks until ROS is shut down.

    Args:
        executor: Executor with at least one node.
        is_over: Called after every callback; returns whether to stop.

    Raises:
        RCLError: ROS refuses something although it is not shut down.
    """
    node = executor.get_nodes()[0]
    timer = node.create_timer(SHUTDOWN_CHECK, lambda: None, clock=Clock(clock_type=ClockType.STEADY_TIME))
    try:
        while executor.context.ok() and not is_over():
            executor.spin_once()
    except ExternalShutdownException:
        return
    except RCLError:  # from a wait set that is made just after a signal has shut ROS down
        if executor.context.ok():
            raise
    finally:
        node.destroy_timer(timer)


class SpinningThread:
    """Runs callbacks in another thread.

    Args:
        executor: Executor with at least one node; it is shut down by `close`.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._over = threading.Event()
        self._thread = threading.Thread(
            target=spin, args=(executor, self._over.is_set), name="ros", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop; a callback that has started in a thread of the executor may end later."""
        self._over.set()
        self._executor.create_task(lambda: None)  # wakes the thread in any state
        self._thread.join()
        self._executor.shutdown()
