"""Values of a learner as plain data that keeps their types: tuples, deques, NumPy scalars and generators."""

from collections import deque
from typing import Any

import numpy as np

KIND = "$kind"
SIMPLE = (type(None), bool, int, float, str)
BIT_GENERATORS = {
    kind.__name__: kind
    for kind in (
        np.random.MT19937,
        np.random.PCG64,
        np.random.PCG64DXSM,
        np.random.Philox,
        np.random.SFC64,
    )
}


class NotPlainError(Exception):
    """Raised for a value that is not plain data; the message names its type."""


def encode(value: Any) -> Any:
    """Convert a value to data that `plain_data.dump` writes.

    Args:
        value: A number, string, None, NumPy array, scalar or generator, or a list, tuple, deque, set or dict of
            these.

    Raises:
        NotPlainError: The value is or contains something else.
    """
    if type(value) in SIMPLE or (type(value) is np.ndarray and not value.dtype.hasobject):
        return value
    if isinstance(value, np.generic) and not value.dtype.hasobject:
        return {KIND: "scalar", "value": np.asarray(value)}
    if isinstance(value, np.random.Generator):
        return {KIND: "generator", "value": value.bit_generator.state}
    if type(value) is list:
        return [encode(item) for item in value]
    if type(value) in (tuple, deque, set):
        items = [encode(item) for item in value]
        more = {"maxlen": value.maxlen} if isinstance(value, deque) else {}
        return {KIND: type(value).__name__, "value": items, **more}
    if type(value) is dict:
        if KIND not in value and all(type(key) is str for key in value):
            return {key: encode(item) for key, item in value.items()}
        return {KIND: "dict", "value": [[encode(key), encode(item)] for key, item in value.items()]}
    raise NotPlainError(f"{type(value).__module__}.{type(value).__qualname__}")


def decode(data: object) -> Any:
    """Return the value of data from `encode`.

    Raises:
        KeyError, TypeError or ValueError: The data is damaged.
    """
    if isinstance(data, list):
        return [decode(item) for item in data]
    if not isinstance(data, dict):
        return data
    if KIND not in data:
        return {key: decode(item) for key, item in data.items()}
    kind, value = data[KIND], data["value"]
    match kind:
        case "scalar":
            return value[()]
        case "generator":
            generator = BIT_GENERATORS[value["bit_generator"]]()
            generator.state = value
            return np.random.Generator(generator)
        case "tuple":
            return tuple(decode(value))
        case "set":
            return set(decode(value))
        case "deque":
            return deque(decode(value), maxlen=data["maxlen"])
        case "dict":
            return {decode(key): decode(item) for key, item in value}
    raise ValueError(f"unknown kind of value {kind!r}")
