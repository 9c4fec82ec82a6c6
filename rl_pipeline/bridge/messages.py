"""Requests and responses of a simulation's services as CDR; `docs/ros_tcp.md` has their layout."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from rl_pipeline.bridge.cdr import CdrReader, CdrWriter

Fields = tuple[tuple[str, str], ...]
"""Names and kinds: a letter of `struct` (a number), `letter[]` (an array), `string` or `string[]`."""

_OBSERVATIONS: Fields = (("error", "string"), ("observations", "d[]"), ("images", "B[]"))
_METRICS: Fields = (("metric_names", "string[]"), ("metrics", "d[]"), ("metrics_mask", "B[]"))
_SPACES: Fields = (("observation_space", "string"), ("action_space", "string"))
_ENDINGS: Fields = (
    ("rewards", "d[]"),
    ("terminated", "B[]"),
    ("truncated", "B[]"),
    ("final_observations", "d[]"),
    ("final_images", "B[]"),
)
REQUESTS: dict[str, Fields] = {
    "open": (("client", "string"), ("num_envs", "I"), ("render_mode", "string")),
    "reset": (("session", "string"), ("sequence", "Q"), ("seeds", "q[]"), ("mask", "B[]")),
    "step": (("session", "string"), ("sequence", "Q"), ("actions", "d[]")),
    "close": (("session", "string"),),
    "render": (("session", "string"),),
}
RESPONSES: dict[str, Fields] = {
    "open": (
        ("error", "string"),
        ("session", "string"),
        ("environment_id", "string"),
        ("num_envs", "I"),
        *_SPACES,
    ),
    "reset": (*_OBSERVATIONS, *_METRICS),
    "step": (*_OBSERVATIONS, *_ENDINGS, *_METRICS),
    "close": (("error", "string"),),
    "render": (("error", "string"), ("height", "I"), ("width", "I"), ("rgb", "B[]")),
}
TYPES = {service: f"rl_interfaces/{service.capitalize()}" for service in REQUESTS}
"""Names of the services' types, as in `__unity_service`."""
NEEDED = ("open", "reset", "step", "close")
"""Required services of a simulation; `render` is optional, for pictures."""
_EMPTY: dict[str, Any] = {"string": "", "string[]": ()}


def encode_message(fields: Fields, **values: Any) -> bytes:
    """Write a message; fields without a value are empty or 0."""
    writer = CdrWriter()
    for name, kind in fields:
        value = values.get(name, _EMPTY.get(kind, ()))
        if kind == "string":
            writer.string(value)
        elif kind == "string[]":
            writer.primitive("I", len(value))
            for text in value:
                writer.string(text)
        elif kind.endswith("[]"):
            writer.array(np.asarray(value, kind[0]))
        else:
            writer.primitive(kind, value or 0)
    return writer.message()


def decode_message(fields: Fields, data: bytes) -> SimpleNamespace:
    """Read a message as an object with its fields; arrays are copies.

    Raises:
        CdrError: The bytes are not such a message.
    """
    reader = CdrReader(data)
    return SimpleNamespace(**{name: read_field(reader, kind) for name, kind in fields})


def read_field(reader: CdrReader, kind: str) -> Any:
    """Read the next field of a message."""
    if kind == "string":
        return reader.string()
    if kind == "string[]":
        return [reader.string() for _ in range(int(reader.primitive("I")))]
    if kind.endswith("[]"):
        return reader.array(kind[0])
    return reader.primitive(kind)
