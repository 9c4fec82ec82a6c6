"""The actions of a recording are recomputed, with the memory that the policy had."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.deploy.cycle import Cycle
from rl_pipeline.deploy.recording import Recorder
from rl_pipeline.deploy.recording_reader import RecordingError, find_parts
from rl_pipeline.deploy.replay import Difference, Replay, Replayer
from rl_pipeline.policies.onnx import OnnxPolicy
from rl_pipeline.policies.spec import PolicySpec, Signal
from tests.policies.graphs import WEIGHTS, counter, linear


def box(*shape: int, dtype: str = "float32") -> Signal:
    limits = np.full(shape, 10, dtype)
    return Signal("box", shape, dtype, -limits, limits)


LINEAR = PolicySpec("onnx", box(4), box(4), box(2))
GEARS = {"gear": box(1, dtype="int64")}
COUNTER = PolicySpec("onnx", GEARS, GEARS, box(1, dtype="int64"))


def record(folder: Path, cycles: Iterable[Cycle]) -> list[Path]:
    recorder = Recorder(folder / "robot.mcap", {}, "of the file", max_bytes=2**24)
    for cycle in cycles:
        recorder.write(cycle)
    recorder.event(7, "error", "late cycle")
    recorder.close()
    assert recorder.dropped == 0
    return find_parts(folder / "robot.mcap")


def linear_cycle(number: int, change: float = 0.0, state: str = "active") -> Cycle:
    observation = np.random.default_rng(number).normal(size=4).astype(np.float32)
    action = observation @ WEIGHTS
    action[1] += change
    return Cycle(10**9 * number, state, number == 0, observation, action, action)


def count(number: int, start: bool, action: int | None) -> Cycle:
    gear = {"gear": np.array([5])}
    return Cycle(number, "active", start, gear, None if action is None else np.array([action]), None)


def replay_linear(folder: Path, cycles: Iterable[Cycle], sha256: str = "of the file") -> Replay:
    policy = OnnxPolicy(linear(folder / "policy.onnx"))
    return Replayer(policy, LINEAR, sha256).replay(record(folder, cycles))


def replay_counter(folder: Path, cycles: Iterable[Cycle]) -> Replay:
    return Replayer(OnnxPolicy(counter(folder / "policy.onnx")), COUNTER).replay(record(folder, cycles))


def test_the_same_policy_gives_the_same_actions(tmp_path: Path) -> None:
    cycles = [linear_cycle(number, state="ramp" if number < 2 else "active") for number in range(9)]
    replay = replay_linear(tmp_path, cycles)
    assert (replay.cycles, replay.compared, replay.first) == (9, 9, None)
    assert replay.largest < 1e-6
    assert replay.states == {"ramp": 2, "active": 7}
    assert (replay.seconds, replay.n_events, replay.other_files) == (8.0, 1, set())


def test_the_first_action_that_differs_is_found(tmp_path: Path) -> None:
    changes = {3: 1e-6, 5: 0.25, 7: -0.5}
    replay = replay_linear(
        tmp_path, (linear_cycle(number, changes.get(number, 0.0)) for number in range(9)), sha256="of another"
    )
    assert isinstance(replay.first, Difference)
    assert (replay.first.path.name, replay.first.number, replay.first.time) == (
        "robot_0001.mcap",
        6,
        5 * 10**9,
    )
    assert replay.largest == pytest.approx(0.5)
    assert replay.other_files == {"of the file"}


def test_an_action_that_is_no_number_differs(tmp_path: Path) -> None:
    replay = replay_linear(tmp_path, [linear_cycle(0, np.nan)])
    assert (replay.largest, replay.first is not None) == (np.inf, True)


def test_a_memory_is_what_it_was(tmp_path: Path) -> None:
    starts = [True, False, False, True, False]
    actions = [1, 2, 3, 1, 2]
    cycles = [count(*each) for each in zip(range(5), starts, actions, strict=True)]
    replay = replay_counter(tmp_path, cycles)
    assert (replay.compared, replay.largest, replay.first) == (5, 0.0, None)


def test_cycles_in_which_the_policy_was_not_asked_leave_its_memory(tmp_path: Path) -> None:
    cycles = [
        count(0, True, 1),
        count(1, False, None),
        count(2, False, 2),
        count(3, True, None),
        count(4, False, 1),
    ]
    replay = replay_counter(tmp_path, cycles)
    assert (replay.cycles, replay.compared, replay.without_action, replay.first) == (5, 3, 2, None)


def test_what_depends_on_cycles_that_are_missing_is_not_recomputed(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "robot.mcap", {}, "of the file", max_bytes=2**24)
    for number, start, action in ((0, False, 8), (1, True, 1), (2, False, 2)):
        recorder.write(count(number, start, action))
    recorder._cycles += 3  # three that were dropped
    for number, start, action in ((6, False, 6), (7, True, 1)):
        recorder.write(count(number, start, action))
    recorder.close()
    policy = OnnxPolicy(counter(tmp_path / "policy.onnx"))
    replay = Replayer(policy, COUNTER).replay(find_parts(tmp_path / "robot.mcap"))
    assert (replay.cycles, replay.missing, replay.without_memory, replay.compared) == (5, 3, 2, 3)
    assert replay.first is None


def test_a_memory_does_not_last_from_one_recording_to_the_next(tmp_path: Path) -> None:
    record(tmp_path, [count(0, True, 1), count(1, False, 2)])
    parts = record(tmp_path, [count(2, False, 1), count(3, True, 1)])
    assert len(parts) == 2
    replay = Replayer(OnnxPolicy(counter(tmp_path / "policy.onnx")), COUNTER).replay(parts)
    assert (replay.compared, replay.without_memory, replay.missing, replay.first) == (3, 1, 0, None)


def test_a_recording_of_another_policy_is_refused(tmp_path: Path) -> None:
    parts = record(tmp_path, [linear_cycle(0)])
    policy = OnnxPolicy(linear(tmp_path / "policy.onnx"))
    with pytest.raises(
        RecordingError, match=r"another policy: its observation is \(4,\), .* box \(3,\) float32"
    ):
        Replayer(policy, PolicySpec("onnx", box(3), box(3), box(2))).replay(parts)
    with pytest.raises(RecordingError, match=r"its action is \(2,\), that of the given policy is box \(1,\)"):
        Replayer(policy, PolicySpec("onnx", box(4), box(4), box(1))).replay(parts)
    with pytest.raises(
        RecordingError, match="its observation is one array, that of the given policy is gear"
    ):
        Replayer(policy, COUNTER).replay(parts)
