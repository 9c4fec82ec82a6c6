"""A pendulum that carries out orders, for trainings in several ranks."""

import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from gymnasium.envs.classic_control.pendulum import PendulumEnv

TARGETS = {"self": os.getpid, "launcher": os.getppid}


def send(number: signal.Signals, pid: int) -> None:
    """Send a signal, and wait until it has come here, from the launcher or at once, unless it cannot be caught."""
    if number in (signal.SIGKILL, signal.SIGSTOP):
        os.kill(pid, number)
        return
    arrived, handler = threading.Event(), signal.getsignal(number)

    def note(received: int, frame: FrameType | None) -> None:
        arrived.set()
        if callable(handler):
            handler(received, frame)

    signal.signal(number, note)
    os.kill(pid, number)
    assert arrived.wait(60.0), f"{number.name} to process {pid} did not come back"
    signal.signal(number, handler)


class ObedientPendulum(PendulumEnv):
    """A pendulum that sends a signal at a step where the file `<rank>_at_<step>` says so.

    The folder of these files is named by the environment variable RANK_ORDERS. A file holds the signal and whom it
    goes to, such as `SIGKILL self`; it is removed before the signal is sent.
    """

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode)
        self.total = 0

    def step(self, action: np.ndarray) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.total += 1
        rank = os.environ.get("RANK", os.environ.get("OMPI_COMM_WORLD_RANK", "0"))
        order = Path(os.environ.get("RANK_ORDERS", "nowhere"), f"{rank}_at_{self.total}")
        if order.exists():
            name, target = order.read_text().split()
            order.unlink()
            send(signal.Signals[name], TARGETS[target]())
        return super().step(action)
