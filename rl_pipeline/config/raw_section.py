"""Blocks of a configuration as read from YAML, which may be missing or malformed."""

from collections.abc import Mapping
from typing import Any


def section(raw: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Give a block of the configuration, empty where it is missing or no mapping."""
    block: Any = raw
    for name in path:
        block = block.get(name) if isinstance(block, Mapping) else None
    return block if isinstance(block, Mapping) else {}


def natural(value: Any, default: Any) -> int:
    """Return a non-negative integer from YAML, or the default for anything else, which the schema refuses."""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return whole if type(whole) is int and whole >= 0 else int(default)
