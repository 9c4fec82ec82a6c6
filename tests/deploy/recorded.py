"""Cycles for the tests of recordings, and what reads and compares them."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rl_pipeline.deploy.cycle import Cycle, Event
from rl_pipeline.deploy.recording import Recorder
from rl_pipeline.deploy.recording_reader import NumberedCycle, RecordingPart
from rl_pipeline.policies.observations import as_dict

DOCUMENT = {"format": 1, "policy": {"observation": {"names": ["x"]}}}
SHA256 = "ab" * 32


def cycle(number: int, size: int = 3) -> Cycle:
    """Make a cycle whose numbers follow from its own."""
    observation = np.random.default_rng(number).normal(size=size).astype(np.float32)
    action = np.array([number], np.float64)
    return Cycle(10**18 + number, "active", number == 0, observation, action, action / 3)


PATIENCE = 300.0


MANY = {
    "float32": np.array([1 / 3, -0.0, np.nan, np.inf], np.float32),
    "float64": np.array([[1 / 3], [1e-300]]),
    "float16": np.array([1 / 3], np.float16),
    "int64": np.array([2**63 - 1, -(2**63)]),
    "uint8": np.arange(5, dtype=np.uint8),
    "flags ?": np.array([[True, False]]),
    "9 scalar": np.array(2.5, np.float32),
    "nothing": np.zeros((0, 3), np.float32),
    "picture": np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3),
    "gray": np.arange(6, dtype=np.uint8).reshape(2, 3, 1),
}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def entries(path: Path) -> list[NumberedCycle | Event]:
    with RecordingPart(path) as part:
        return list(part.entries())


def cycles(path: Path) -> list[Cycle]:
    return [entry.cycle for entry in entries(path) if isinstance(entry, NumberedCycle)]


def assert_equal(actual: Cycle, expected: Cycle) -> None:
    assert (actual.time, actual.state, actual.episode_start) == (
        expected.time,
        expected.state,
        expected.episode_start,
    )
    assert isinstance(actual.observation, dict) == isinstance(expected.observation, dict)
    pairs = [(as_dict(actual.observation), as_dict(expected.observation))]
    for name in ("action", "command"):
        pairs.append(({name: getattr(actual, name)}, {name: getattr(expected, name)}))
    for ours, theirs in pairs:
        assert ours.keys() == theirs.keys()
        for key, array in ours.items():
            if theirs[key] is None:
                assert array is None
            else:
                assert (array.dtype, array.shape) == (theirs[key].dtype, theirs[key].shape)
                np.testing.assert_array_equal(array, theirs[key])


def record_some(folder: Path) -> Path:
    recorder = Recorder(folder / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**24)
    recorder.write(Cycle(5, "active", True, MANY, np.float32([1, 2]), np.float64([3])))
    recorder.event(6 * 10**9 + 7, "error", "stopped")
    recorder.close()
    return folder / "robot_0001.mcap"
