"""Plain data on disk without pickle: a tree of numbers, strings, lists, mappings and arrays in one `.npz`.

The arrays are members of the archive; the rest is JSON in the member `tree`, where `{"$array": name}` stands for
an array.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from rl_pipeline.atomic import atomic_write

ARRAY = "$array"


class StateFileError(Exception):
    """A state file that is missing, cut short or not one of ours."""


def write_state(path: Path, tree: Any) -> None:
    """Write a tree of plain data.

    Args:
        path: The file to write, `.npz`; it appears whole or not at all.
        tree: None, bool, int of any size, float, str, list, tuple, mapping with str keys, NumPy array, scalar.

    Raises:
        TypeError: The tree holds something else.
        OSError: The disk is full, or the folder cannot be written.
    """
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_take_arrays(tree, arrays))
    with atomic_write(path) as file:
        np.savez(file, allow_pickle=False, tree=np.frombuffer(text.encode(), dtype=np.uint8), **arrays)


def read_state(path: Path) -> Any:
    """Read what `write_state` wrote; tuples come back as lists.

    Raises:
        StateFileError: The file does not exist, is damaged or was not written by `write_state`.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            tree = json.loads(archive["tree"].tobytes().decode())
            return _put_arrays(tree, archive)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise StateFileError(f"{path}: not a readable state file ({error})") from error


def _take_arrays(node: Any, arrays: dict[str, np.ndarray]) -> Any:
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


def _key(key: Any) -> str:
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
