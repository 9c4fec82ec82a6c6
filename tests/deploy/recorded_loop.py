"""Cycles of a control loop for the tests, and a process that records until it is killed: FOLDER."""

import sys
import time
from itertools import count
from pathlib import Path

import numpy as np

from rl_pipeline.deploy.cycle import Cycle
from rl_pipeline.deploy.recording import Recorder

DOCUMENT = {"format": 1, "policy": {"observation": {"names": ["x"]}}}
SHA256 = "ab" * 32


def cycle(number: int, size: int = 3) -> Cycle:
    """Make a cycle whose numbers follow from its own."""
    observation = np.random.default_rng(number).normal(size=size).astype(np.float32)
    action = np.array([number], np.float64)
    return Cycle(10**18 + number, "active", number == 0, observation, action, action / 3)


if __name__ == "__main__":
    recorder = Recorder(Path(sys.argv[1]) / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**24)
    for number in count():
        recorder.write(cycle(number))
        time.sleep(0.001)
