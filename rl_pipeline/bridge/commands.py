"""System commands of ROS-TCP: frames whose topic begins with `__` and whose payload is JSON."""

import json
from collections.abc import Mapping
from typing import Any

from rl_pipeline.bridge.framing import encode

PREFIX = "__"
VERSION = "v0.7.0"


class CommandError(Exception):
    """A command that is unknown, or whose arguments cannot be read."""


def encode_command(name: str, arguments: Mapping[str, Any], *, nul: bool = False) -> bytes:
    """Make the frame of a command.

    Args:
        name: With its leading `__`.
        arguments: What its JSON holds; the keys may be any, as clients choose them.
        nul: Whether topic and JSON end with a NUL, as Unity writes them.
    """
    payload = json.dumps(dict(arguments)).encode() + (b"\0" if nul else b"")
    return encode(name, payload, nul=nul)


def encode_call(
    name: str, number: int, service: str, payload: bytes | bytearray, *, nul: bool = False
) -> bytes:
    """Make the two frames of a `"__request"` or `"__response"`: its number, and what it carries."""
    end = b"\0" if nul else b""
    return encode(name, b'{"srv_id": %d}%b' % (number, end), nul=nul) + encode(service, payload, nul=nul)


def handshake() -> bytes:
    """Make the first frame that a server sends to every client."""
    metadata = json.dumps({"protocol": "ROS2"})
    return encode_command("__handshake", {"version": VERSION, "metadata": metadata})


def parse_arguments(payload: bytes) -> dict[str, Any]:
    """Read the JSON of a command, with or without a NUL at its end.

    Raises:
        CommandError: It is not UTF-8, not JSON, or not an object.
    """
    try:
        arguments = json.loads(payload.removesuffix(b"\0").decode() or "{}")
    except (ValueError, RecursionError) as error:
        raise CommandError(f"not JSON: {error}") from error
    if not isinstance(arguments, dict):
        raise CommandError(f"not a JSON object but {type(arguments).__name__}")
    return arguments


def text_argument(arguments: dict[str, Any], key: str) -> str:
    """Look up an argument that must be text and not empty.

    Raises:
        CommandError: It is missing, empty or of another type.
    """
    value = arguments.get(key)
    if not isinstance(value, str) or not value:
        raise CommandError(f"argument {key!r} must be text, is {value!r}")
    return value


def integer_argument(arguments: dict[str, Any], key: str, default: int | None = None) -> int:
    """Look up an argument that must be an integer; `default` stands for a missing one.

    Raises:
        CommandError: It is missing without a default, or of another type.
    """
    value = arguments.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise CommandError(f"argument {key!r} must be an integer, is {value!r}")
    return value
