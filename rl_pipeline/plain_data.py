"""Trees of plain data - numbers, strings, lists, mappings and arrays - as one `.npz`, without pickle.

The arrays are members of the archive; the rest is JSON in the member `tree`, where `{"$array": name}` represents
an array.
"""

import io
import json
import zipfile
from typing import Any, BinaryIO

import numpy as np

ARRAY = "$array"
StateDict = dict[str, Any]
"""A state as `state_dict` returns it: a tree of plain data by name; its owner knows the types."""
UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)
"""Errors that `load` raises if the data is damaged or of another kind."""


def dump(tree: Any, file: Any) -> None:
    """Write a tree of plain data to an open binary file.

    Args:
        tree: None, bool, int of any size, float, str, list, tuple, mapping with str keys, NumPy array, scalar.
        file: The file to write to.

    Raises:
        TypeError: The tree holds a value of another type.
    """
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_take_arrays(tree, arrays))
    np.savez(file, allow_pickle=False, tree=np.frombuffer(text.encode(), dtype=np.uint8), **arrays)


def load(file: BinaryIO | Any) -> Any:
    """Read the output of `dump` from a path or an open binary file; tuples become lists."""
    with np.load(file, allow_pickle=False) as archive:
        return _put_arrays(json.loads(archive["tree"].tobytes().decode()), archive)


def to_bytes(tree: object) -> bytes:
    """Return the bytes that `dump` writes."""
    file = io.BytesIO()
    dump(tree, file)
    return file.getvalue()


def from_bytes(data: bytes) -> Any:
    """Read the output of `to_bytes`."""
    return load(io.BytesIO(data))


def _take_arrays(node: object, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(node, np.ndarray):
        if node.dtype.hasobject:
            raise TypeError(f"an array of {node.dtype} is not plain data")
        name = f"array_{len(arrays)}"
        arrays[name] = node
        return {ARRAY: name}
    if isinstance(node, np.generic):
        return node.item()
    if isinstance(node, dict):
        return {_key(key): _take_arrays(value, arrays) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_take_arrays(value, arrays) for value in node]
    if node is None or isinstance(node, bool | int | float | str):
        return node
    raise TypeError(f"{type(node).__name__} is not plain data: {node!r}")


def _key(key: object) -> str:
    if not isinstance(key, str) or key == ARRAY:
        raise TypeError(f"a mapping in a state needs keys that are strings, not {key!r}")
    return key


def _put_arrays(node: Any, archive: Any) -> Any:
    if isinstance(node, dict):
        if set(node) == {ARRAY}:
            return archive[node[ARRAY]]
        return {key: _put_arrays(value, archive) for key, value in node.items()}
    if isinstance(node, list):
        return [_put_arrays(value, archive) for value in node]
    return node
