"""What is recorded is read back, by this package and by others, also after a kill; a bad disk stops nothing."""

import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap.writer import Writer
from rosbags.rosbag2.storage_mcap import McapReader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from rl_pipeline.deploy.cycle import Cycle, Event
from rl_pipeline.deploy.recording import MIN_BYTES, Recorder, parts_of
from rl_pipeline.deploy.recording_reader import NumberedCycle, RecordingError, RecordingPart, find_parts
from rl_pipeline.policies.observations import as_dict

from .recorded_loop import DOCUMENT, SHA256, cycle

PATIENCE = 120.0
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


def record_some(folder: Path) -> Path:
    recorder = Recorder(folder / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**24)
    recorder.write(Cycle(5, "active", True, MANY, np.float32([1, 2]), np.float64([3])))
    recorder.event(6 * 10**9 + 7, "error", "stopped")
    recorder.close()
    return folder / "robot_0001.mcap"


def test_mcap_reads_the_file_with_its_index(tmp_path: Path) -> None:
    with record_some(tmp_path).open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        assert reader.get_header().profile == "ros2"
        summary = reader.get_summary()
        assert summary is not None
        channels = {channel.topic: channel for channel in summary.channels.values()}
        assert {channel.message_encoding for channel in channels.values()} == {"cdr"}
        assert {schema.encoding for schema in summary.schemas.values()} == {"ros2msg"}
        assert channels["/policy/observation/flags__"].metadata == {
            "dtype": "bool",
            "shape": "1 2",
            "key": "flags ?",
        }
        assert "/policy/observation/_9_scalar" in channels
        [(_, _, message)] = reader.iter_messages(topics=["/policy/action"])
        assert (message.log_time, message.publish_time) == (5, 5)
        [metadata] = reader.iter_metadata()
        assert json.loads(metadata.metadata["policy"]) == DOCUMENT


def test_rosbags_reads_the_messages_of_ros(tmp_path: Path) -> None:
    reader = McapReader(record_some(tmp_path))
    reader.open()
    store = get_typestore(Stores.EMPTY)
    messages: dict[str, Any] = {}
    for connection in reader.connections:
        store.register(get_types_from_msg(connection.msgdef.data, connection.msgtype))
    for connection, _, data in reader.messages(reader.connections):
        messages[connection.topic] = store.deserialize_cdr(data, connection.msgtype)
    reader.close()
    assert messages["/policy/state"].data == "active"
    assert messages["/policy/episode_start"].data
    assert messages["/policy/command"].__msgtype__ == "std_msgs/msg/Float64MultiArray"
    assert messages["/policy/action"].data.tolist() == [1, 2]
    matrix = messages["/policy/observation/float64"]
    assert [(each.size, each.stride) for each in matrix.layout.dim] == [(2, 2), (1, 1)]
    picture = messages["/policy/observation/picture"]
    assert (picture.height, picture.width, picture.encoding, picture.step) == (2, 3, "rgb8", 9)
    assert picture.data.tolist() == list(range(18))
    log = messages["/policy/events"]
    assert (log.level, log.msg, log.stamp.sec, log.stamp.nanosec) == (log.ERROR, "stopped", 6, 7)


def test_ros_reads_the_messages_and_has_the_same_definitions(tmp_path: Path) -> None:
    serialization = pytest.importorskip("rclpy.serialization")
    with record_some(tmp_path).open("rb") as file:
        for schema, channel, message in make_reader(file).iter_messages():
            assert schema is not None
            package, _, name = schema.name.split("/")
            kind = getattr(import_module(f"{package}.msg"), name)
            ours = get_types_from_msg(schema.data.decode(), schema.name)
            names = [name for name, _ in ours[schema.name][1]]
            assert names == list(kind.get_fields_and_field_types()), schema.name
            read = serialization.deserialize_message(message.data, kind)
            assert 0 <= len(serialization.serialize_message(read)) - len(message.data) < 4, channel.topic
            if channel.topic == "/policy/action":
                assert list(read.data) == [1, 2]


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
    command = [sys.executable, str(Path(__file__).with_name("recorded_loop.py")), str(tmp_path)]
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


class Stuck:
    """A file whose writes hang until they are let go."""

    def __init__(self) -> None:
        self.go_on, self.began = threading.Event(), threading.Event()

    def write(self, data: bytes) -> int:
        self.began.set()
        assert self.go_on.wait(PATIENCE)
        return len(data)


def test_a_disk_that_hangs_costs_cycles_and_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(tmp_path / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**24, queue=10)
    stuck = Stuck()
    assert recorder._part is not None
    monkeypatch.setattr(recorder._part._file, "write", stuck.write)
    recorder.event(0, "error", "this hangs")
    assert stuck.began.wait(PATIENCE)
    returned = threading.Event()

    def control_loop() -> None:
        for number in range(100):
            recorder.write(cycle(number))
        returned.set()

    threading.Thread(target=control_loop, daemon=True).start()
    assert returned.wait(PATIENCE)  # while the disk still hangs
    assert not stuck.go_on.is_set()
    assert recorder.dropped == 90
    monkeypatch.setattr("rl_pipeline.deploy.recording.CLOSE_SECONDS", 0.05)
    recorder.close()
    assert "did not take the end" in str(recorder.failure)
    stuck.go_on.set()


def test_cycles_that_wait_take_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rl_pipeline.deploy.recording.MAX_WAITING_BYTES", 100_000)
    recorder = Recorder(tmp_path / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**24)
    stuck = Stuck()
    assert recorder._part is not None
    with monkeypatch.context() as patch:
        patch.setattr(recorder._part._file, "write", stuck.write)
        recorder.event(0, "error", "this hangs")
        assert stuck.began.wait(PATIENCE)
        for number in range(30):
            recorder.write(cycle(number, 2500))  # 10 kB
        assert recorder.dropped == 21
        stuck.go_on.set()
        wait_for(lambda: recorder._taken == recorder._written)
    recorder.write(cycle(30, 2500))
    assert recorder.dropped == 21
    recorder.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"mount cannot be started: {error}")
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_loses_the_oldest_parts_and_keeps_the_newest(small_disk: Path) -> None:
    recorder = Recorder(small_disk / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**20)
    for number in range(300):
        recorder.write(cycle(number, 2000))
        recorder.event(number, "error", "written now")
        wait_for(lambda: recorder._calls._waiting.empty())
    recorder.close()
    assert recorder.dropped > 0
    numbers = [
        int(one.action[0])
        for path in find_parts(small_disk / "robot.mcap")
        for one in cycles(path)
        if one.action is not None
    ]
    assert numbers[0] > 0
    assert numbers[-1] == 299


def test_a_disk_that_something_else_filled_is_named_and_tried_again(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl_pipeline.deploy.recording.RETRY_SECONDS", 0.0)
    recorder = Recorder(small_disk / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**20)
    (small_disk / "other").write_bytes(bytes(590_000))
    for number in range(20):
        recorder.write(cycle(number, 20_000))
    recorder.event(0, "error", "written now")
    wait_for(lambda: recorder.failure is not None)
    assert recorder.failure == f"{small_disk}: No space left on device"
    wait_for(lambda: recorder._calls._waiting.empty())
    (small_disk / "other").unlink()
    recorder.write(cycle(20))
    recorder.event(0, "error", "written now")
    recorder.close()
    assert recorder.failure is None
    assert_equal(cycles(find_parts(small_disk / "robot.mcap")[-1])[-1], cycle(20))


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


def test_every_damage_is_refused_or_ends_the_file(tmp_path: Path) -> None:
    content = record_some(tmp_path).read_bytes()
    generator = np.random.default_rng(0)
    file, refused = tmp_path / "damaged.mcap", 0
    for _ in range(300):
        damaged = bytearray(content)
        for place in generator.integers(len(content), size=generator.integers(1, 5)):
            damaged[place] = generator.integers(256)
        file.write_bytes(damaged[: generator.integers(len(content) // 2, 2 * len(content))])
        try:
            entries(file)
        except RecordingError:
            refused += 1
    assert refused > 50


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.mcap"
    text.write_text("nothing of the kind" * 9)
    with pytest.raises(RecordingError, match=r"text\.mcap is damaged or no MCAP file"):
        RecordingPart(text)
    other = tmp_path / "other.mcap"
    with other.open("wb") as file:
        writer = Writer(file)
        writer.start(profile="ros2")
        writer.add_message(writer.register_channel("/a", "cdr", 0), 0, b"", 0)
        writer.finish()
    with pytest.raises(RecordingError, match=r"other\.mcap is no recording of a policy"):
        RecordingPart(other)
    with pytest.raises(RecordingError, match=r"there is no recording .*did you mean 'other\.mcap'"):
        find_parts(tmp_path / "othr.mcap")
    newer = tmp_path / "newer.mcap"
    newer.write_bytes(
        record_some(tmp_path).read_bytes().replace(b"format\x01\0\0\0" + b"1", b"format\x01\0\0\0" + b"2")
    )
    with pytest.raises(RecordingError, match="has format '2', this version reads '1'"):
        RecordingPart(newer)


def test_a_chunk_that_claims_to_be_huge_is_not_decompressed(tmp_path: Path) -> None:
    content = record_some(tmp_path).read_bytes()
    place = content.index(b"\x04\0\0\0zstd") - 12
    [size] = struct.unpack_from("<Q", content, place)
    assert size < 10_000
    bomb = tmp_path / "bomb.mcap"
    for claimed, message in ((2**40, "at most 67,108,864 are read"), (size + 1, "says another size")):
        bomb.write_bytes(content[:place] + struct.pack("<Q", claimed) + content[place + 8 :])
        with pytest.raises(RecordingError, match=message):
            entries(bomb)
