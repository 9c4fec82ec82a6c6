"""Gymnasium spaces as JSON, for simulators in other processes."""

import json
from typing import Any

import numpy as np
from gymnasium import spaces


def to_json(space: spaces.Space) -> str:
    """Write a space of boxes, discrete numbers and dictionaries of them.

    Raises:
        TypeError: The space has a part of another kind.
    """
    return json.dumps(_to_tree(space))


def from_json(text: str) -> spaces.Space:
    """Read the output of `to_json`.

    Raises:
        ValueError: The text is not a space.
    """
    try:
        return _from_tree(json.loads(text))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a space: {text[:200]!r} ({type(error).__name__}: {error})") from error


def _to_tree(space: spaces.Space) -> dict[str, Any]:
    match space:
        case spaces.Box():
            bounds = {"low": space.low.ravel().tolist(), "high": space.high.ravel().tolist()}
            return {"box": {"shape": list(space.shape), "dtype": str(space.dtype), **bounds}}
        case spaces.Discrete():
            return {"discrete": {"n": int(space.n), "start": int(space.start)}}
        case spaces.MultiDiscrete():
            return {"multi_discrete": {"nvec": space.nvec.tolist()}}
        case spaces.MultiBinary():
            return {"multi_binary": {"shape": list(space.shape)}}
        case spaces.Dict():
            return {"dict": {name: _to_tree(part) for name, part in space.spaces.items()}}
    raise TypeError(
        f"a {type(space).__name__} space cannot be sent; valid are Box, Discrete, Multi... and Dict"
    )


def _from_tree(tree: dict[str, Any]) -> spaces.Space:
    [(kind, value)] = tree.items()
    match kind:
        case "box":
            shape, dtype = tuple(value["shape"]), np.dtype(value["dtype"])
            low, high = (np.array(value[bound], dtype).reshape(shape) for bound in ("low", "high"))
            return spaces.Box(low, high, shape, dtype.type)
        case "discrete":
            return spaces.Discrete(value["n"], start=value["start"])
        case "multi_discrete":
            return spaces.MultiDiscrete(value["nvec"])
        case "multi_binary":
            return spaces.MultiBinary(tuple(value["shape"]))
        case "dict":
            return spaces.Dict({name: _from_tree(part) for name, part in value.items()})
    raise ValueError(f"not a space: unknown kind {kind!r}")
