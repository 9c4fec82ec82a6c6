"""One MCAP file of a recording; `docs/recordings.md` has its channels and metadata."""

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mcap.writer import CompressionType, Writer
from numpy.typing import NDArray

from rl_pipeline.deploy.cycle import Cycle, Event
from rl_pipeline.deploy.recorded_messages import (
    BOOL,
    LOG,
    STRING,
    ArrayMessage,
    definition,
    encode_event,
    encode_flag,
    encode_text,
)

FORMAT = "1"
METADATA = "rl_pipeline"
PREFIX = "/policy"
EPISODE_START, OBSERVATION, ACTION, COMMAND, STATE, EVENTS = (
    f"{PREFIX}/{name}" for name in ("episode_start", "observation", "action", "command", "state", "events")
)
KEY = "key"
"""In the metadata of a channel: the key of a part of a Dict observation; its topic may be spelt differently."""
SEQUENCES = 2**32
"""Numbers of cycles restart after this value."""

CHUNK_BYTES = 2**20
CHUNK_SECONDS = 0.5
"""Size and age at which a chunk is written; a killed process loses the unwritten chunk."""

MESSAGE_EXTRA, CHUNK_EXTRA, CHANNEL_EXTRA = 47, 200, 30
"""Bytes besides the messages: of a message and its index, of a chunk, and of each channel in a chunk's index."""

Encode = Callable[[NDArray[Any], int], bytes]
_ArrayKey = tuple[str, str | None, str, tuple[int, ...]]


class _File:
    """A file without a buffer, so that a failed write leaves nothing to write later."""

    def __init__(self, path: Path) -> None:
        self._raw = path.open("xb", buffering=0)

    def write(self, data: bytes) -> int:
        left = memoryview(data)
        while left:
            left = left[self._raw.write(left) or 0 :]
        return len(data)

    def tell(self) -> int:
        return self._raw.tell()

    def flush(self) -> None:
        """Do nothing: all data has been passed to the system."""

    def close(self) -> None:
        self._raw.close()


class Part:
    """Writes cycles and events into a new MCAP file.

    Args:
        path: The file.
        metadata: Content of its metadata record `rl_pipeline`.

    Attributes:
        path: The file.
        size: Bytes in the file.
        waiting: Waiting bytes, before compression.
        waiting_entries: Waiting cycles and events.

    Raises:
        OSError: The file exists or cannot be written.
    """

    def __init__(self, path: Path, metadata: Mapping[str, str]) -> None:
        self.path = path
        self.size = self.waiting = self.waiting_entries = 0
        self._chunks = 0
        self._chunk_began = time.monotonic()
        self._file = _File(path)
        self._writer = Writer(
            self._file,  # type: ignore[arg-type]  # it has the methods that the writer calls
            chunk_size=2**62,  # chunks end between cycles: see `flush`
            compression=CompressionType.ZSTD,
        )
        self._sequence = 0
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}
        self._arrays: dict[_ArrayKey, tuple[int, Encode]] = {}
        try:
            self._writer.start(profile="ros2", library="rl-pipeline")
            self._writer.add_metadata(METADATA, dict(metadata))
        except OSError:
            self.abandon()
            raise

    def add(self, cycle: Cycle, sequence: int) -> None:
        """Add a cycle. It is in the file after the next `flush`.

        Args:
            cycle: The cycle.
            sequence: Its number, with which a reader finds its messages and detects missing cycles.

        Raises:
            ValueError: No message can store such arrays.
        """
        self._sequence = sequence % SEQUENCES
        self._add(EPISODE_START, BOOL, cycle.time, encode_flag(cycle.episode_start))
        if isinstance(cycle.observation, dict):
            for key, part in cycle.observation.items():
                self._add_array(OBSERVATION, key, cycle.time, part)
        else:
            self._add_array(OBSERVATION, None, cycle.time, cycle.observation)
        for topic, array in ((ACTION, cycle.action), (COMMAND, cycle.command)):
            if array is not None:
                self._add_array(topic, None, cycle.time, array)
        self._add(
            STATE, STRING, cycle.time, encode_text(cycle.state)
        )  # the last message: the cycle is complete
        self.waiting_entries += 1

    def add_event(self, event: Event) -> None:
        """Add an event. It is in the file after the next `flush`."""
        self._add(EVENTS, LOG, event.time, encode_event(event, "policy"))
        self.waiting_entries += 1

    @property
    def is_due(self) -> bool:
        """Whether the waiting data is large or old enough to be written."""
        return self.waiting > CHUNK_BYTES or time.monotonic() - self._chunk_began > CHUNK_SECONDS

    @property
    def size_when_finished(self) -> int:
        """Final size of the file if nothing is added; an upper bound."""
        channels = len(self._channels) + len(self._arrays)
        index = (self._chunks + 1) * (CHUNK_EXTRA + CHANNEL_EXTRA * channels)
        return self.size + self.waiting + index

    def flush(self) -> None:
        """Write the waiting data, which is then in the file even if this process is killed.

        Raises:
            OSError: The disk is full or failed. The file is complete up to the previous chunk.
        """
        self._writer.flush()
        self.size = self._file.tell()
        self.waiting = self.waiting_entries = 0
        self._chunks += 1
        self._chunk_began = time.monotonic()

    def finish(self) -> None:
        """Write the waiting data and the index, and close the file. Raises OSError like `flush`."""
        try:
            self.flush()
            self._writer.finish()
            self.size = self._file.tell()
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Close a file that can no longer be written, and remove it if no chunk of it is complete."""
        self._file.close()
        if not self.size:
            self.path.unlink(missing_ok=True)

    def _add(self, topic: str, message_type: str, time: int, message: bytes) -> None:
        channel = self._channels.get(topic)
        if channel is None:
            channel = self._channels[topic] = self._channel(topic, message_type, {})
        self._write(channel, time, message)

    def _add_array(self, topic: str, key: str | None, time: int, array: NDArray[Any]) -> None:
        kind = (topic, key, array.dtype.name, array.shape)
        channel, encode = self._arrays.get(kind) or self._array_channel(*kind)
        self._write(channel, time, encode(array, time))

    def _array_channel(
        self, topic: str, key: str | None, dtype: str, shape: tuple[int, ...]
    ) -> tuple[int, Encode]:
        message = ArrayMessage(dtype, shape)
        name = topic if key is None else f"{topic}/{_topic_token(key)}"
        metadata = message.metadata if key is None else message.metadata | {KEY: key}
        channel = self._channel(name, message.message_type, metadata)
        self._arrays[topic, key, dtype, shape] = channel, message.encoder()
        return self._arrays[topic, key, dtype, shape]

    def _channel(self, topic: str, message_type: str, metadata: Mapping[str, str]) -> int:
        if message_type not in self._schemas:
            schema = self._writer.register_schema(message_type, "ros2msg", definition(message_type))
            self._schemas[message_type] = schema
        return self._writer.register_channel(topic, "cdr", self._schemas[message_type], dict(metadata))

    def _write(self, channel: int, time: int, message: bytes) -> None:
        self._writer.add_message(channel, time, message, time, self._sequence)
        self.waiting += len(message) + MESSAGE_EXTRA


def _topic_token(key: str) -> str:
    """Spell a key of a Dict observation as ROS spells names in topics."""
    return re.sub(r"\A(?=\d|\Z)", "_", re.sub(r"\W", "_", key, flags=re.ASCII))
