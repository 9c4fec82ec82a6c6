"""Misbehaviour on demand, to see how a training takes it."""

import os
import time
from dataclasses import dataclass


@dataclass
class Faults:
    """What goes wrong, and after how many steps.

    Attributes:
        crash_at: step at which the process dies at once; likewise `stall_at` (never answers again) and
            `nan_at` (an observation is NaN).
        late: seconds that every answer is late.
        version: version of the protocol that is announced.
    """

    crash_at: int | None = None
    stall_at: int | None = None
    nan_at: int | None = None
    late: float = 0.0
    version: str = "1.5.0"

    def strike(self, step: int) -> None:
        """Do at a step whatever is due."""
        if step == self.crash_at:
            print("the player crashes because it was told to", flush=True)
            os._exit(139)
        while step == self.stall_at:
            time.sleep(3600)
        if self.late:
            time.sleep(self.late)
