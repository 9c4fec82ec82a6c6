"""Reader of recordings. They may be untrusted: nothing in them is executed, and sizes are bounded."""

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import zstandard
from mcap.exceptions import EndOfFile, McapError
from mcap.records import Channel, Chunk, Message, Metadata
from mcap.stream_reader import StreamReader, breakup_chunk
from numpy.typing import NDArray

from rl_pipeline.bridge.cdr import CdrError
from rl_pipeline.config.errors import nearest
from rl_pipeline.deploy.cycle import Cycle, Event
from rl_pipeline.deploy.recorded_messages import ArrayMessage, decode_event, decode_flag, decode_text
from rl_pipeline.deploy.recording import parts_of
from rl_pipeline.deploy.recording_part import (
    ACTION,
    COMMAND,
    EPISODE_START,
    EVENTS,
    FORMAT,
    KEY,
    METADATA,
    OBSERVATION,
    STATE,
)
from rl_pipeline.errors import UserError

MAX_RECORD_BYTES = 64 * 2**20
"""Maximum size of a record, and of a decompressed chunk; the recorder's own chunks are much smaller."""
MAX_CHANNELS = 1000


class RecordingError(UserError):
    """Raised for a file that is missing, damaged, or not a recording of a policy."""


@dataclass(frozen=True)
class NumberedCycle:
    """A cycle and its number in the recording; missing numbers were not recorded."""

    number: int
    cycle: Cycle


class _EndsEarlyError(Exception):
    """Raised when the file ends inside a record."""


class _File:
    """Reads exactly the requested number of bytes."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def read(self, size: int) -> bytes:
        if size > MAX_RECORD_BYTES:
            raise ValueError(f"a record has {size:,} bytes; at most {MAX_RECORD_BYTES:,} are read")
        data = self._file.read(size)
        if len(data) < size:
            raise _EndsEarlyError
        return data

    def close(self) -> None:
        self._file.close()


@dataclass
class _Messages:
    """The messages of a cycle so far."""

    number: int
    episode_start: bool | None = None
    parts: dict[str | None, NDArray[Any]] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)

    def finished(self, time: int, state: str) -> NumberedCycle:
        """Return the cycle. Raises ValueError if messages are missing."""
        if self.episode_start is None or (None in self.parts and len(self.parts) > 1):
            raise ValueError(f"messages of cycle {self.number} are missing")
        observation = (
            self.parts[None] if None in self.parts else {str(key): part for key, part in self.parts.items()}
        )
        arrays = self.arrays.get(ACTION), self.arrays.get(COMMAND)
        return NumberedCycle(self.number, Cycle(time, state, self.episode_start, observation, *arrays))


class RecordingPart:
    """Reads one file of a recording, from its first cycle to its last, in a `with` block.

    Args:
        path: The file.

    Attributes:
        path: The file.
        policy_document: Description in the policy's file.
        policy_sha256: The checksum of that file.
        recording: Identifier that all parts of a recording share.
        ends_early: Whether the file ends without its index, as after a power cut; set after reading.

    Raises:
        RecordingError: The file is missing, or is not a recording of a policy.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ends_early = False
        self._channels: dict[int, Channel] = {}
        self._arrays: dict[int, ArrayMessage] = {}
        self._messages: _Messages | None = None
        try:
            self._file = _File(path)
        except OSError as error:
            raise RecordingError(f"{path} cannot be read: {error.strerror}") from error
        stream: IO[bytes] = self._file  # type: ignore[assignment]  # it has the one method that is called
        reader = StreamReader(stream, emit_chunks=True, record_size_limit=MAX_RECORD_BYTES)
        self._records = iter(reader.records)
        try:
            self._read_metadata()
        except RecordingError:
            self._file.close()
            raise

    def __enter__(self) -> "RecordingPart":
        """Return the part."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def entries(self) -> Iterator[NumberedCycle | Event]:
        """Read cycles and events in the order in which they were recorded.

        Raises:
            RecordingError: The file is damaged.
        """
        for record in self._read_records():
            if isinstance(record, Chunk):
                yield from self._of_chunk(record)

    def _read_metadata(self) -> None:
        for record in self._read_records():
            if isinstance(record, Chunk):
                break
            if isinstance(record, Metadata) and record.name == METADATA:
                self._take_metadata(record.metadata)
                return
        raise RecordingError(
            f"{self.path} is not a recording of a policy: it has no metadata record {METADATA!r} before its messages"
        )

    def _take_metadata(self, metadata: Mapping[str, str]) -> None:
        if metadata.get("format") != FORMAT:
            raise RecordingError(
                f"{self.path} has format {metadata.get('format')!r}, but this version reads {FORMAT!r}"
            )
        try:
            self.policy_document = json.loads(metadata["policy"])
            self.policy_sha256, self.recording = metadata["policy_sha256"], metadata["recording"]
        except (KeyError, ValueError, RecursionError) as error:
            raise self._damaged(error) from error

    def _read_records(self) -> Iterator[object]:
        while True:
            try:
                record = next(self._records)
            except StopIteration:
                return
            except (_EndsEarlyError, EndOfFile):
                self.ends_early = True
                return
            except (McapError, ValueError, struct.error) as error:
                raise self._damaged(error) from error
            yield record

    def _of_chunk(self, chunk: Chunk) -> Iterator[NumberedCycle | Event]:
        try:
            for record in breakup_chunk(_checked(chunk), validate_crc=True):
                if isinstance(record, Channel):
                    self._take_channel(record)
                elif isinstance(record, Message) and record.channel_id in self._channels:
                    entry = self._take_message(record, self._channels[record.channel_id])
                    if entry is not None:
                        yield entry
        except (McapError, CdrError, ValueError, KeyError, struct.error, zstandard.ZstdError) as error:
            raise self._damaged(error) from error

    def _take_channel(self, channel: Channel) -> None:
        if len(self._channels) >= MAX_CHANNELS:
            raise ValueError(f"it has more than {MAX_CHANNELS} channels")
        self._channels[channel.id] = channel
        if _holds_arrays(channel.topic):
            self._arrays[channel.id] = ArrayMessage.of_metadata(channel.metadata)

    def _take_message(self, message: Message, channel: Channel) -> NumberedCycle | Event | None:
        if channel.topic == EVENTS:
            return decode_event(message.data, message.log_time)
        if self._messages is None or self._messages.number != message.sequence:
            self._messages = _Messages(message.sequence)
        messages = self._messages
        if channel.topic == EPISODE_START:
            messages.episode_start = decode_flag(message.data)
        elif channel.topic == STATE:
            self._messages = None
            return messages.finished(message.log_time, decode_text(message.data))
        elif channel.id in self._arrays:
            array = self._arrays[channel.id].decode(message.data)
            if channel.topic in (ACTION, COMMAND):
                messages.arrays[channel.topic] = array
            else:
                messages.parts[channel.metadata.get(KEY)] = array
        return None

    def _damaged(self, error: Exception) -> RecordingError:
        return RecordingError(f"{self.path} is damaged or not an MCAP file ({type(error).__name__}: {error})")


def find_parts(path: Path) -> list[Path]:
    """Find the files of a recording.

    Args:
        path: One of its files, or the name given to the recorder, which selects all of them.

    Raises:
        RecordingError: No file exists.
    """
    if path.is_file():
        return [path]
    parts = parts_of(path)
    if not parts:
        there = sorted(each.name for each in path.parent.glob("*.mcap"))
        close = nearest(path.name, there)
        hint = f"; did you mean '{close}'?" if close else ""
        raise RecordingError(
            f"the recording {path} does not exist; {path.parent.resolve()} has: {', '.join(there) or 'none'}{hint}"
        )
    return parts


def _holds_arrays(topic: str) -> bool:
    return topic in (OBSERVATION, ACTION, COMMAND) or topic.startswith(f"{OBSERVATION}/")


def _checked(chunk: Chunk) -> Chunk:
    """Return a chunk after a check that the size of its content is bounded.

    Raises:
        ValueError: The chunk is too large, or compressed differently than by the recorder.
    """
    if chunk.uncompressed_size > MAX_RECORD_BYTES:
        raise ValueError(
            f"a chunk has {chunk.uncompressed_size:,} bytes; at most {MAX_RECORD_BYTES:,} are read"
        )
    if chunk.compression not in ("", "zstd"):
        raise ValueError(f"chunks are compressed by {chunk.compression!r}; valid are zstd and none")
    if chunk.compression and zstandard.frame_content_size(chunk.data) != chunk.uncompressed_size:
        raise ValueError("the size of a chunk differs from that of its content")
    return chunk
