"""Messages beside the steps: engine settings, environment parameters, statistics.

A message is a 16-byte id, an int32 length and a payload; numbers are little-endian, strings have an int32 length.
"""

import struct
import uuid
from collections.abc import Iterator

from rl_pipeline.config.unity import Curriculum, EngineSettings, Gaussian, Ranges, Uniform
from rl_pipeline.envs.unity.errors import MessageError

ENGINE = uuid.UUID("e951342c-4f7e-11ea-b238-784f4387d1f7")
PARAMETERS = uuid.UUID("534c891e-810f-11ea-a9d0-822485860400")
STATISTICS = uuid.UUID("a1d8f7b7-cec8-50f9-b78b-d3e165a78520")
AVERAGE, MOST_RECENT, SUM, HISTOGRAM = range(4)
EXACT_SEEDS = 2**24
"""Integers below this are exact as a float parameter."""


def pack(channel: uuid.UUID, payload: bytes) -> bytes:
    """Return a message of a channel."""
    return channel.bytes_le + struct.pack("<i", len(payload)) + payload


def unpack(data: bytes) -> Iterator[tuple[uuid.UUID, bytes]]:
    """Yield the messages of a step.

    Raises:
        MessageError: A message is truncated.
    """
    at = 0
    while at < len(data):
        if at + 20 > len(data):
            raise MessageError(f"{len(data) - at} bytes are too few for a side channel's header")
        [length] = struct.unpack_from("<i", data, at + 16)
        if not 0 <= length <= len(data) - at - 20:
            raise MessageError(f"a side channel's message of {length} bytes is truncated")
        yield uuid.UUID(bytes_le=bytes(data[at : at + 16])), bytes(data[at + 20 : at + 20 + length])
        at += 20 + length


def _string(text: str) -> bytes:
    encoded = text.encode("ascii", "replace")
    return struct.pack("<i", len(encoded)) + encoded


def read_string(data: bytes, at: int = 0) -> tuple[str, int]:
    """Return a string and the position of its end.

    Raises:
        MessageError: The string is truncated.
    """
    length = struct.unpack_from("<i", data, at)[0] if at + 4 <= len(data) else -1
    end = at + 4 + length
    if length < 0 or end > len(data):
        raise MessageError("a string of a side channel's message is truncated")
    return data[at + 4 : end].decode("ascii", "replace"), end


def engine(settings: EngineSettings) -> bytes:
    """Return the messages for the settings that are not null."""
    messages = []
    if settings.width is not None and settings.height is not None:
        messages.append(struct.pack("<iii", 0, settings.width, settings.height))
    if settings.quality is not None:
        messages.append(struct.pack("<ii", 1, settings.quality))
    if settings.time_scale is not None:
        messages.append(struct.pack("<if", 2, settings.time_scale))
    if settings.target_frame_rate is not None:
        messages.append(struct.pack("<ii", 3, settings.target_frame_rate))
    if settings.capture_frame_rate is not None:
        messages.append(struct.pack("<ii", 4, settings.capture_frame_rate))
    return b"".join(pack(ENGINE, message) for message in messages)


def parameter(name: str, value: float | Uniform | Gaussian | Ranges, seed: int = 0) -> bytes:
    """Return the message that sets an environment parameter to a number or to a sampler with a seed."""
    if isinstance(value, int | float):
        return pack(PARAMETERS, _string(name) + struct.pack("<if", 0, value))
    if isinstance(value, Uniform):
        numbers, sampler = struct.pack("<2f", *value.uniform), 0
    elif isinstance(value, Gaussian):
        numbers, sampler = struct.pack("<2f", *value.gaussian), 1
    else:
        flat = [bound for pair in value.ranges for bound in pair]
        numbers, sampler = struct.pack(f"<{len(flat)}f", *flat), 2
    # Lists of floats in side channels begin with their length.
    counted = struct.pack("<i", len(numbers) // 4) + numbers if sampler == 2 else numbers
    return pack(PARAMETERS, _string(name) + struct.pack("<iii", 1, seed % 2**31, sampler) + counted)


def value_at(curriculum: Curriculum, timestep: int) -> float:
    """Return the value at a timestep."""
    return [value for start, value in curriculum.curriculum if start <= timestep][-1]


def statistics(data: bytes) -> dict[str, float]:
    """Return the statistics of a step, each aggregated as Unity requested (histograms as their mean).

    Raises:
        MessageError: A message is truncated.
    """
    values: dict[str, list[float]] = {}
    sums: dict[str, int] = {}
    for channel, payload in unpack(data):
        if channel == STATISTICS:
            name, at = read_string(payload)
            if at + 8 > len(payload):
                raise MessageError(f"the statistic {name!r} is truncated")
            value, sums[name] = struct.unpack_from("<fi", payload, at)
            values.setdefault(name, []).append(value)
    return {name: _aggregated(given, sums[name]) for name, given in values.items()}


def _aggregated(values: list[float], how: int) -> float:
    if how == MOST_RECENT:
        return values[-1]
    return sum(values) if how == SUM else sum(values) / len(values)
