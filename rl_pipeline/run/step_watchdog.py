"""A thread that watches for environments of this process that do not return from `step`."""

import logging
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rl_pipeline.envs.errors import StepTimeoutError
from rl_pipeline.envs.step_limit import Step, StepLimit, current_step, hurry
from rl_pipeline.run.control import SIGNALS, TrainingControl
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.metadata import update_metadata

logger = logging.getLogger(__name__)

POLL_S = 0.5
GRACE_S = 5.0
"""Seconds that an interrupted step has to end before the process is ended."""


@contextmanager
def watching_steps(step_timeout: float | None, control: TrainingControl, folder: RunFolder) -> Iterator[None]:
    """Report an environment that hangs, and end a training that is asked to stop while one hangs.

    A step in Python is interrupted by `StepTimeoutError`. A step in another language cannot be interrupted, so the
    process ends. Code that holds Python's global lock stops this thread, too; only SIGKILL ends it.

    Args:
        step_timeout: The configuration's `environment.step_timeout`.
        control: Gets the error.
        folder: The run; its `run.json` records the end.
    """
    ours, theirs = socket.socketpair()
    over = threading.Event()
    watchdog = _Watchdog(StepLimit(step_timeout), control, folder)
    thread = threading.Thread(target=watchdog.watch, args=(ours, over), name="step watchdog", daemon=True)
    with ours, theirs:
        theirs.setblocking(False)
        # Python's handlers wait for the main thread; this notifies the thread of a signal even if that one hangs.
        previous = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        thread.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(previous)
            over.set()
            theirs.send(b"\0")
            thread.join()


class _Watchdog:
    def __init__(self, limit: StepLimit, control: TrainingControl, folder: RunFolder) -> None:
        self.limit = limit
        self.control = control
        self.folder = folder

    def watch(self, signals: socket.socket, over: threading.Event) -> None:
        reported: Step | None = None
        while not over.is_set():
            if select.select([signals], [], [], POLL_S)[0] and set(signals.recv(100)) & set(SIGNALS):
                hurry()
            step = current_step()
            if step is None:
                continue
            exceeded = self.limit.exceeded(step.started)
            if exceeded and step is not reported:
                reported = step
                logger.warning(
                    "`step` of %s in this process has not returned %s; Ctrl-C or SIGTERM ends the training, "
                    "the training after its newest checkpoint is then lost",
                    step.describe(),
                    exceeded,
                )
            if self.limit.is_too_long_to_stop(step.started):
                self._end(step)

    def _end(self, step: Step) -> None:
        """Interrupt a step, or end the process."""
        seconds = time.monotonic() - step.started
        error = StepTimeoutError(
            f"`step` of {step.describe()} has not returned for {seconds:.0f} s, so this rollout cannot be finished "
            "and saved; the training after the newest checkpoint is lost"
        )
        self.control.give_up(error)
        deadline = time.monotonic() + GRACE_S
        while current_step() is step:
            if time.monotonic() > deadline:
                logger.error("%s; the step cannot be interrupted, so the process ends", error)
                with suppress(OSError):
                    update_metadata(self.folder, status="failed", error=repr(error))
                os._exit(1)
            time.sleep(POLL_S / 10)
