"""System commands of ROS-TCP: frames whose topic begins with `__` and whose payload is JSON."""

import functools
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from rl_pipeline.bridge.framing import LENGTH, Buffer, encode

PREFIX = "__"
VERSION = "v0.7.0"


class CommandError(Exception):
    """Raised for a command that is unknown or has invalid arguments."""


def encode_command(name: str, arguments: Mapping[str, object], *, nul: bool = False) -> bytes:
    """Make the frame of a command.

    Args:
        name: With its leading `__`.
        arguments: The content of its JSON; the clients choose the keys.
        nul: Whether topic and JSON end with a NUL, as Unity writes them.
    """
    payload = json.dumps(dict(arguments)).encode() + (b"\0" if nul else b"")
    return encode(name, payload, nul=nul)


def encode_call(name: str, number: int, service: str, payload: Buffer, *, nul: bool = False) -> bytes:
    """Make the two frames of a `"__request"` or `"__response"`: its number, and its content."""
    head = _known_head(name, service, len(str(number)), nul).with_number(number)
    return b"".join((head, LENGTH.pack(len(payload)), payload))


class CallHead(NamedTuple):
    """The bytes of a call before the length of its payload: the same for all numbers with equally many digits.

    Attributes:
        before: Bytes before the number.
        after: Bytes after it.
    """

    before: bytes
    after: bytes

    @classmethod
    def of(cls, name: str, argument: bytes, number: int, service: str, *, nul: bool) -> "CallHead":
        """Split the bytes of a call at its number.

        Args:
            name: `"__request"` or `"__response"`.
            argument: The JSON `{"srv_id": number}`, in any spelling.
            number: The number in it.
            service: The service.
            nul: Whether the topics end with a NUL.
        """
        start, _, end = argument.rpartition(b"%d" % number)
        before = encode(name, argument, nul=nul)[: -len(argument)] + start
        return cls(before, end + encode(service, b"", nul=nul)[: -LENGTH.size])

    def with_number(self, number: int) -> bytes:
        """Return the bytes for a number."""
        return b"%b%d%b" % (self.before, number, self.after)


@functools.lru_cache
def _known_head(name: str, service: str, n_digits: int, nul: bool) -> CallHead:
    number = 10 ** (n_digits - 1)
    argument = b'{"srv_id": %d}%b' % (number, b"\0" if nul else b"")
    return CallHead.of(name, argument, number, service, nul=nul)


def handshake() -> bytes:
    """Make the first frame that a server sends to every client."""
    metadata = json.dumps({"protocol": "ROS2"})
    return encode_command("__handshake", {"version": VERSION, "metadata": metadata})


def parse_arguments(payload: bytes) -> dict[str, Any]:
    """Read the JSON of a command, with or without a NUL at its end.

    Raises:
        CommandError: The payload is not UTF-8, not JSON, or not an object.
    """
    try:
        arguments = json.loads(payload.removesuffix(b"\0").decode() or "{}")
    except (ValueError, RecursionError) as error:
        raise CommandError(f"not JSON: {error}") from error
    if not isinstance(arguments, dict):
        raise CommandError(f"must be a JSON object, is {type(arguments).__name__}")
    return arguments


def text_argument(arguments: dict[str, Any], key: str) -> str:
    """Look up an argument that must be text and not empty.

    Raises:
        CommandError: The argument is missing, empty or of another type.
    """
    value = arguments.get(key)
    if not isinstance(value, str) or not value:
        raise CommandError(f"argument {key!r} must be text, is {value!r}")
    return value


def integer_argument(arguments: dict[str, Any], key: str, default: int | None = None) -> int:
    """Look up an argument that must be an integer; `default` is the value of a missing one.

    Raises:
        CommandError: The argument is missing without a default, or of another type.
    """
    value = arguments.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise CommandError(f"argument {key!r} must be an integer, is {value!r}")
    return value
