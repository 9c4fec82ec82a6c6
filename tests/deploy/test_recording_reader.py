"""Other programs read a recording, ours refuses what is none."""

import json
import struct
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap.writer import Writer
from rosbags.rosbag2.storage_mcap import McapReader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from rl_pipeline.deploy.recording_reader import RecordingError, RecordingPart, find_parts

from .recorded import (
    DOCUMENT,
    entries,
    record_some,
)


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
    with pytest.raises(RecordingError, match=r"text\.mcap is damaged or not an MCAP file"):
        RecordingPart(text)
    other = tmp_path / "other.mcap"
    with other.open("wb") as file:
        writer = Writer(file)
        writer.start(profile="ros2")
        writer.add_message(writer.register_channel("/a", "cdr", 0), 0, b"", 0)
        writer.finish()
    with pytest.raises(RecordingError, match=r"other\.mcap is not a recording of a policy"):
        RecordingPart(other)
    with pytest.raises(RecordingError, match=r"the recording .* does not exist.*did you mean 'other\.mcap'"):
        find_parts(tmp_path / "othr.mcap")
    newer = tmp_path / "newer.mcap"
    newer.write_bytes(
        record_some(tmp_path).read_bytes().replace(b"format\x01\0\0\0" + b"1", b"format\x01\0\0\0" + b"2")
    )
    with pytest.raises(RecordingError, match="has format '2', but this version reads '1'"):
        RecordingPart(newer)


def test_a_chunk_that_claims_to_be_huge_is_not_decompressed(tmp_path: Path) -> None:
    content = record_some(tmp_path).read_bytes()
    place = content.index(b"\x04\0\0\0zstd") - 12
    [size] = struct.unpack_from("<Q", content, place)
    assert size < 10_000
    bomb = tmp_path / "bomb.mcap"
    for claimed, message in (
        (2**40, "at most 67,108,864 are read"),
        (size + 1, "differs from that of its content"),
    ):
        bomb.write_bytes(content[:place] + struct.pack("<Q", claimed) + content[place + 8 :])
        with pytest.raises(RecordingError, match=message):
            entries(bomb)
