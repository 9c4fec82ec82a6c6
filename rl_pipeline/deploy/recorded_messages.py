"""ROS 2 messages of a recording: arrays, pictures, texts, flags and log entries as CDR, with their definitions."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.bridge.cdr import CdrReader, CdrWriter
from rl_pipeline.bridge.framing import Buffer
from rl_pipeline.bridge.messages import Fields, decode_message, encode_message
from rl_pipeline.deploy.cycle import LEVELS, Event, Level

SECOND = 10**9
LOG_LEVELS: dict[Level, int] = {level: 10 * (index + 1) for index, level in enumerate(LEVELS)}
"""Numbers of `rcl_interfaces/msg/Log`."""
PICTURES = {1: "mono8", 3: "rgb8", 4: "rgba8"}
"""Encodings of pictures by their number of channels."""
MAX_AXES = 32

STRING, BOOL, IMAGE, LOG = (
    "std_msgs/msg/String",
    "std_msgs/msg/Bool",
    "sensor_msgs/msg/Image",
    "rcl_interfaces/msg/Log",
)
_TIME: Fields = (("sec", "i"), ("nanosec", "I"))
_FIELDS: dict[str, Fields] = {
    STRING: (("data", "string"),),
    BOOL: (("data", "?"),),
    IMAGE: (
        *_TIME,
        ("frame_id", "string"),
        *(("height", "I"), ("width", "I"), ("encoding", "string"), ("is_bigendian", "B"), ("step", "I")),
        ("data", "B[]"),
    ),
    LOG: (
        *_TIME,
        *(("level", "B"), ("name", "string"), ("msg", "string")),
        *(("file", "string"), ("function", "string"), ("line", "I")),
    ),
}
_SENT_AS = {"bool": "uint8", "float16": "float32"}
"""For dtypes without a message in std_msgs, a dtype with the same values."""
_NUMBERS = ("float32", "float64", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)))

_SEPARATOR = "=" * 80
_TIME_TEXT = "MSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec"
_DEFINITIONS = {
    STRING: ("string data",),
    BOOL: ("bool data",),
    IMAGE: (
        "std_msgs/Header header\nuint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\n"
        "uint32 step\nuint8[] data",
        "MSG: std_msgs/Header\nbuiltin_interfaces/Time stamp\nstring frame_id",
        _TIME_TEXT,
    ),
    LOG: (
        "\n".join(f"byte {level.upper()}={number}" for level, number in LOG_LEVELS.items())
        + "\nbuiltin_interfaces/Time stamp\nuint8 level\nstring name\nstring msg\nstring file\n"
        "string function\nuint32 line",
        _TIME_TEXT,
    ),
}


def definition(message_type: str) -> bytes:
    """Return the definition of a message and of those in it, as MCAP's encoding `ros2msg` has it."""
    kind = _ARRAY_TYPE.fullmatch(message_type)
    parts: tuple[str, ...] = (
        _DEFINITIONS[message_type]
        if kind is None
        else (
            f"std_msgs/MultiArrayLayout layout\n{kind[1].lower()}[] data",
            "MSG: std_msgs/MultiArrayLayout\nstd_msgs/MultiArrayDimension[] dim\nuint32 data_offset",
            "MSG: std_msgs/MultiArrayDimension\nstring label\nuint32 size\nuint32 stride",
        )
    )
    return f"\n{_SEPARATOR}\n".join(parts).encode()


_ARRAY_TYPE = re.compile(r"std_msgs/msg/(\w+)MultiArray")


@lru_cache(maxsize=64)  # every cycle has one, which is nearly always the same
def encode_text(text: str) -> bytes:
    """Write a `String`."""
    return encode_message(_FIELDS[STRING], data=text)


@lru_cache
def encode_flag(value: bool) -> bytes:
    """Write a `Bool`."""
    return encode_message(_FIELDS[BOOL], data=value)


def encode_event(event: Event, name: str) -> bytes:
    """Write a `Log` of a node with this name."""
    seconds, nanoseconds = divmod(event.time, SECOND)
    level = LOG_LEVELS[event.level]
    return encode_message(
        _FIELDS[LOG], sec=seconds, nanosec=nanoseconds, level=level, name=name, msg=event.text
    )


def decode_text(data: Buffer) -> str:
    """Read a `String`. Like the others, raises `CdrError` for another message."""
    return str(decode_message(_FIELDS[STRING], bytes(data)).data)


def decode_flag(data: Buffer) -> bool:
    """Read a `Bool`."""
    return bool(decode_message(_FIELDS[BOOL], bytes(data)).data)


def decode_event(data: Buffer, time: int) -> Event:
    """Read a `Log`, with the time of its record, which has no year-2038 problem."""
    log = decode_message(_FIELDS[LOG], bytes(data))
    levels = {number: level for level, number in LOG_LEVELS.items()}
    return Event(time, levels.get(log.level, "info"), log.msg)


@dataclass(frozen=True)
class ArrayMessage:
    """Conversion of arrays of one dtype and shape to messages and back.

    Numbers are sent as the array of std_msgs that has their type; pictures (uint8, height x width x 1, 3 or 4) as
    `sensor_msgs/msg/Image`.

    Attributes:
        dtype: Name of a NumPy dtype.
        shape: Shape of the array.
        message_type: Name of the ROS 2 message.

    Raises:
        ValueError: No message can store such numbers.
    """

    dtype: str
    shape: tuple[int, ...]
    message_type: str = field(init=False)

    def __post_init__(self) -> None:
        """Choose the message."""
        if self._sent_as not in _NUMBERS:
            valid = ", ".join(sorted({*_NUMBERS, *_SENT_AS}))
            raise ValueError(f"arrays of {self.dtype} cannot be recorded; valid are {valid}")
        if not (len(self.shape) <= MAX_AXES and all(0 <= length < 2**32 for length in self.shape)):
            raise ValueError(f"{self.shape} is not a shape of an array that can be recorded")
        letters = re.sub(r"^(u?)(\w)", lambda match: match[1].upper() + match[2].upper(), self._sent_as)
        kind = "sensor_msgs/msg/Image" if self._is_picture else f"std_msgs/msg/{letters}MultiArray"
        object.__setattr__(self, "message_type", kind)

    @property
    def metadata(self) -> dict[str, str]:
        """Metadata of a channel about its arrays."""
        return {"dtype": self.dtype, "shape": " ".join(map(str, self.shape))}

    @classmethod
    def of_metadata(cls, metadata: Mapping[str, str]) -> "ArrayMessage":
        """Return the metadata of a channel. Raises KeyError and ValueError if it is not valid."""
        return cls(metadata["dtype"], tuple(int(length) for length in metadata["shape"].split()))

    def encoder(self) -> Callable[[NDArray[Any], int], bytes]:
        """Return a function that writes an array and its time in nanoseconds as a message."""
        if self._is_picture:
            return self._encode_picture
        kind = np.dtype(self._sent_as).newbyteorder("<")
        writer = CdrWriter().primitive("I", len(self.shape))
        for axis, length in enumerate(self.shape):
            stride = int(np.prod(self.shape[axis:], dtype=np.uint64))
            writer.string(f"axis_{axis}").primitive("I", length).primitive("I", stride)
        empty = writer.primitive("I", 0).array(np.zeros(self.shape, kind)).message()
        before = empty[: len(empty) - int(np.prod(self.shape)) * kind.itemsize]
        return lambda array, time: before + array.astype(kind, copy=False).tobytes()

    def decode(self, data: Buffer) -> NDArray[Any]:
        """Read an array. Raises CdrError or ValueError if the message contains another array."""
        if self._is_picture:
            flat = decode_message(_FIELDS[IMAGE], bytes(data)).data
        else:
            reader = CdrReader(data)
            for _ in range(int(reader.primitive("I"))):
                reader.string()
                reader.array("uint32", 2)
            reader.primitive("I")
            flat = reader.array(self._sent_as)
        return np.asarray(flat).reshape(self.shape).astype(self.dtype, copy=False)

    def _encode_picture(self, array: NDArray[Any], time: int) -> bytes:
        height, width, channels = self.shape
        seconds, nanoseconds = divmod(time, SECOND)
        return encode_message(
            _FIELDS[IMAGE],
            sec=seconds,
            nanosec=nanoseconds,
            height=height,
            width=width,
            encoding=PICTURES[channels],
            step=width * channels,
            data=array.reshape(-1),
        )

    @property
    def _sent_as(self) -> str:
        return _SENT_AS.get(self.dtype, self.dtype)

    @property
    def _is_picture(self) -> bool:
        return self.dtype == "uint8" and len(self.shape) == 3 and self.shape[2] in PICTURES
