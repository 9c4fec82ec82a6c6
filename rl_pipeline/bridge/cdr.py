"""Little-endian CDR as Unity writes it: padding of zeros, strings with a NUL, nothing after the last field."""

import struct

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rl_pipeline.bridge.framing import Buffer

HEADER = b"\x00\x01\x00\x00"
_PRIMITIVES = {code: struct.Struct("<" + code) for code in "?bBhHiIqQfd"}


class CdrError(Exception):
    """Raised for bytes that end too early or contain invalid values."""


class CdrWriter:
    """Writes the fields of a message in order; alignment is relative to the end of the header."""

    def __init__(self) -> None:
        self._body = bytearray()

    def primitive(self, code: str, value: float) -> "CdrWriter":
        """Append a number; `code` is its letter in `struct` (`"d"`: float64, `"i"`: int32, `"?"`: bool)."""
        layout = _PRIMITIVES[code]
        self._align(layout.size)
        self._body += layout.pack(value)
        return self

    def string(self, text: str) -> "CdrWriter":
        """Append UTF-8 text with its length, which includes the NUL at its end."""
        data = text.encode() + b"\0"
        self.primitive("I", len(data))
        self._body += data
        return self

    def array(self, values: NDArray[np.generic], *, counted: bool = True) -> "CdrWriter":
        """Append numbers of one type: a sequence, or an array of fixed length, which has no count."""
        if counted:
            self.primitive("I", values.size)
        if values.size:
            self._align(values.itemsize)
            self._body += values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
        return self

    def message(self) -> bytes:
        """Return header and body."""
        return HEADER + bytes(self._body)

    def _align(self, size: int) -> None:
        self._body += bytes(-len(self._body) % size)


class CdrReader:
    """Reads the fields of a message in their order.

    Args:
        data: Header and body; bytes after the fields are ignored, since ROS 2 appends some.

    Raises:
        CdrError: The header is not that of little-endian CDR.
    """

    def __init__(self, data: Buffer) -> None:
        if data[: len(HEADER)] != HEADER:
            raise CdrError(
                f"header {data[: len(HEADER)].hex()!r} is not {HEADER.hex()!r} (little-endian CDR)"
            )
        self._body = memoryview(data)[len(HEADER) :]
        self._position = 0

    @property
    def position(self) -> int:
        """Position of the next field, or of its padding, in the data including the header."""
        return len(HEADER) + self._position

    def primitive(self, code: str) -> float:
        """Read a number; see `CdrWriter.primitive`. Raises `CdrError` at the end of the bytes."""
        layout = _PRIMITIVES[code]
        return layout.unpack_from(self._body, self._take(layout.size, layout.size))[0]

    def string(self) -> str:
        """Read text. Raises `CdrError` when its bytes are missing or not UTF-8."""
        size = int(self.primitive("I"))
        start = self._take(size)
        data = bytes(self._body[start : start + size])
        try:
            return data.removesuffix(b"\0").decode()
        except UnicodeDecodeError as error:
            raise CdrError(f"text is not UTF-8: {error}") from error

    def array(self, dtype: DTypeLike, count: int | None = None) -> NDArray[np.generic]:
        """Read a copy of numbers of one type: `count` of them, or as many as the message specifies."""
        kind = np.dtype(dtype)
        number = int(self.primitive("I")) if count is None else count
        if number == 0:
            return np.empty(0, kind)
        start = self._take(number * kind.itemsize, kind.itemsize)
        return np.frombuffer(self._body, kind.newbyteorder("<"), number, start).astype(kind)

    def _take(self, size: int, align: int = 1) -> int:
        """Skip this many aligned bytes and return the position of the first."""
        start = self._position + -self._position % align
        if start + size > len(self._body):
            raise CdrError(f"{size} bytes expected at {start}, but the message has {len(self._body)}")
        self._position = start + size
        return start
