"""A pendulum that carries out orders, for trainings in several ranks."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.envs.classic_control.pendulum import PendulumEnv

TARGETS = {"self": os.getpid, "launcher": os.getppid}


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
            os.kill(TARGETS[target](), signal.Signals[name])
            if name != "SIGKILL":
                signal.sigtimedwait([], 1.0)  # until the launcher has passed it on
        return super().step(action)
