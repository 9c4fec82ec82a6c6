"""What is recorded is read back, within its bound and after a kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.deploy.cycle import Cycle, Event
from rl_pipeline.deploy.recording import MIN_BYTES, Recorder, parts_of
from rl_pipeline.deploy.recording_reader import NumberedCycle, RecordingPart, find_parts

from .recorded import (
    DOCUMENT,
    MANY,
    PATIENCE,
    SHA256,
    assert_equal,
    cycle,
    cycles,
    entries,
    record_some,
    wait_for,
)


def test_cycles_and_events_come_back_exactly(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**24)
    plain = cycle(0)
    written = [
        plain,
        Cycle(10**18 + 1, "shadow", True, MANY, np.array(3), np.array([0.5], np.float32)),
        Cycle(10**18 + 2, "stopped", False, {}, None, None),
    ]
    for one in written:
        recorder.write(one)
    recorder.event(10**18 + 3, "error", "stale observation: /joint_states")
    recorder.close()
    assert (recorder.dropped, recorder.failure) == (0, None)
    [path] = find_parts(tmp_path / "robot.mcap")
    assert path.name == "robot_0001.mcap"
    with RecordingPart(path) as part:
        *read, event = part.entries()
        assert (part.policy_document, part.policy_sha256) == (DOCUMENT, SHA256)
        assert not part.ends_early
    assert event == Event(10**18 + 3, "error", "stale observation: /joint_states")
    for actual, expected in zip(read, written, strict=True):
        assert isinstance(actual, NumberedCycle)
        assert_equal(actual.cycle, expected)


def test_arrays_that_change_after_they_were_given_are_recorded_as_they_were(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**24)
    buffer = np.zeros(3, np.float32)
    for number in range(50):
        buffer[:] = number
        recorder.write(Cycle(number, "active", False, buffer, buffer, buffer))
    recorder.close()
    read = cycles(tmp_path / "robot_0001.mcap")
    assert [one.observation[0] for one in read] == list(range(50))  # type: ignore[index]


def test_the_newest_parts_are_kept_within_the_bound(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "robot.mcap", DOCUMENT, SHA256, max_bytes=MIN_BYTES)
    (tmp_path / "robot_other.mcap").write_bytes(b"mine")
    for number in range(400):  # random numbers, which no compression makes smaller
        recorder.write(cycle(number, 2000))
        if number % 10 == 0:
            recorder.event(number, "error", "written now")
            wait_for(lambda: recorder._calls._waiting.empty())
            assert sum(path.stat().st_size for path in parts_of(tmp_path / "robot.mcap")) <= MIN_BYTES
    recorder.close()
    parts = find_parts(tmp_path / "robot.mcap")
    assert sum(path.stat().st_size for path in parts) > MIN_BYTES / 2
    assert parts[0].name != "robot_0001.mcap"
    numbers = [int(one.action[0]) for path in parts for one in cycles(path) if one.action is not None]
    assert numbers == list(range(numbers[0], 400))
    assert (recorder.dropped, recorder.failure) == (0, None)
    assert (tmp_path / "robot_other.mcap").exists()


def test_a_second_recording_of_the_same_name_continues_the_numbers(tmp_path: Path) -> None:
    first = record_some(tmp_path)
    content = first.read_bytes()
    record_some(tmp_path)
    assert [path.name for path in find_parts(tmp_path / "robot.mcap")] == [
        "robot_0001.mcap",
        "robot_0002.mcap",
    ]
    assert first.read_bytes() == content


def test_errors_are_written_at_once_and_other_events_with_the_next_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl_pipeline.deploy.recording_part.CHUNK_SECONDS", PATIENCE)
    recorder = Recorder(tmp_path / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**24)
    path = tmp_path / "robot_0001.mcap"
    size = path.stat().st_size
    recorder.write(cycle(0))
    recorder.event(1, "warn", "late cycle")
    wait_for(lambda: recorder._part is not None and recorder._part.waiting_entries == 2)
    assert path.stat().st_size == size
    recorder.event(2, "error", "stopped")
    wait_for(lambda: recorder._part is not None and recorder._part.waiting_entries == 0)
    assert len(entries(path)) == 3
    recorder.close()


def test_a_killed_process_leaves_a_file_that_is_whole_up_to_the_last_chunk(tmp_path: Path) -> None:
    command = [sys.executable, str(Path(__file__).with_name("killed_recorder.py")), str(tmp_path)]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])})
    path = tmp_path / "robot_0001.mcap"
    wait_for(lambda: path.exists() and path.stat().st_size > 20_000)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with path.open("ab") as file:
        file.write(b"\x06\xff\x00\x00")  # a chunk that was being written
    with RecordingPart(path) as part:
        read = [entry for entry in part.entries() if isinstance(entry, NumberedCycle)]
        assert part.ends_early
    assert len(read) > 100
    for number, entry in enumerate(read):
        assert_equal(entry.cycle, cycle(number))


def test_numbers_that_no_message_holds_are_named(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**24)
    recorder.write(Cycle(0, "active", True, np.array([1j]), None, None))
    wait_for(lambda: recorder.dropped == 1)
    assert str(recorder.failure).startswith(
        "arrays of complex128 cannot be recorded; valid are bool, float16"
    )
    recorder.write(cycle(1))
    recorder.close()
    [only] = cycles(tmp_path / "robot_0001.mcap")
    assert_equal(only, cycle(1))


def test_what_cannot_be_recorded_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in \.mcap"):
        Recorder(tmp_path / "robot", DOCUMENT, SHA256, max_bytes=2**24)
    with pytest.raises(ValueError, match="at least 1,048,576, 5 is less"):
        Recorder(tmp_path / "robot.mcap", DOCUMENT, SHA256, max_bytes=5)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="File exists"):
        Recorder(tmp_path / "file" / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**24)
