"""Encoding of live Python objects as plain data: the state of a simulator in Python between two steps.

Every value becomes None, a bool, int, float or str, or a node: a dict whose `type` defines how to rebuild the value.
Mutable objects have an `id`, so that attributes which share an object share it again after restoring. Nothing is
pickled: an object is a class name and its attributes, which are written to the object at the same place in another
environment.
"""

import collections
import enum
import random
import types
import weakref
from functools import partial
from pathlib import PurePath
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec

from rl_pipeline.envs.gymnasium.mujoco_data import capture_mujoco, is_mujoco_data
from rl_pipeline.own_modules import stable_name

Node = dict[str, Any]
"""A value that is not a number or text, as the names of its parts and its `type`."""
STATIC = {"type": "static"}
"""Represents a value that is constant or not part of the simulation; restoring ignores it."""

STATIC_ATTRIBUTES = frozenset(
    {"metadata", "spec", "render_mode", "_cached_spec"} | {"_ezpickle_args", "_ezpickle_kwargs"}
)
CODE = (
    type,
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.ModuleType,
    partial,
    property,
)
CONSTANTS = (EnvSpec, PurePath, np.dtype, np.ufunc, range, slice, weakref.ref)
STATIC_PACKAGES = ("glfw", "OpenGL", "matplotlib", "imageio", "mujoco", "logging")
"""Packages whose objects draw, log or hold models; `mujoco.MjData` is handled before."""
STATIC_MODULES = (
    "gymnasium.envs.mujoco.mujoco_rendering",
    *(
        f"pygame.{name}"
        for name in ("surface", "time", "font", "mixer", "event", "display", "joystick", "key", "color")
    ),
)
"""Modules whose objects draw; rectangles and vectors of pygame may be the state of a game."""

CONTAINERS: dict[type, str] = {
    list: "list",
    tuple: "tuple",
    set: "set",
    frozenset: "frozenset",
    collections.deque: "deque",
    dict: "dict",
    collections.OrderedDict: "OrderedDict",
}


class Encoder:
    """Encodes one environment.

    Args:
        static: objects to leave out.

    Attributes:
        lost: names of the attributes that cannot be encoded, e.g. `LunarLander.world`.
    """

    def __init__(self, static: tuple[object, ...] = ()) -> None:
        self.lost: set[str] = set()
        self._static = static
        self._seen: dict[int, tuple[int, Any]] = {}

    def encode(self, value: object, name: str) -> Any:
        """Return a value as plain data; `name` is the attribute that it belongs to."""
        if value is None or type(value) in (bool, int, float, str):
            return value
        if is_static(value) or any(value is one for one in self._static):
            return STATIC
        if isinstance(value, enum.Enum):
            return {"type": "enum", "name": value.name}
        if isinstance(value, np.generic) and not value.dtype.hasobject:
            return {"type": "scalar", "value": np.array(value)}
        if type(value) is bytes:
            return {"type": "bytes", "value": np.frombuffer(value, dtype=np.uint8)}
        if id(value) in self._seen:
            return {"type": "same", "id": self._seen[id(value)][0]}
        number = len(self._seen)
        self._seen[id(value)] = (number, value)  # the reference prevents reuse of the address
        return {"id": number, **self._encode_new(value, name)}

    def _encode_new(self, value: object, name: str) -> Node:
        if isinstance(value, np.ndarray):
            return self._array(value, name)
        if type(value) in CONTAINERS:
            return self._container(value, name)
        if isinstance(value, np.random.Generator | np.random.RandomState | random.Random):
            return self._random(value, name)
        if isinstance(value, spaces.Space):
            return {
                "type": "space",
                "random": self.encode(value._np_random, name),
                "parts": self._parts(value, name),
            }
        if is_mujoco_data(value):
            return {"type": "mujoco", "state": capture_mujoco(value)}
        if is_plain_object(value):
            return self._object(value, name)
        return self._lose(name)

    def _lose(self, name: str) -> Node:
        self.lost.add(name)
        return STATIC

    def _array(self, array: np.ndarray, name: str) -> Node:
        owner: Any = array
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        if array.dtype.hasobject or array.dtype.names or type(array) is not np.ndarray:
            return self._lose(name)
        if owner.base is not None and owner.flags.writeable:
            return {"type": "foreign", "value": array.copy()}  # memory of a simulator, seen through NumPy
        if owner is array or not owner.flags.writeable:
            return {"type": "array", "value": array.copy(order="K")}
        if not owner.flags.forc:
            return self._lose(name)
        return {
            "type": "view",
            "of": self.encode(owner, name),
            "dtype": array.dtype.str,
            "offset": array.ctypes.data - owner.ctypes.data,
            "shape": list(array.shape),
            "strides": list(array.strides),
        }

    def _container(self, value: Any, name: str) -> Node:
        node: Node = {"type": CONTAINERS[type(value)]}
        if isinstance(value, dict):
            node["keys"] = [self.encode(key, name) for key in value]
            return node | {"items": [self.encode(item, name) for item in value.values()]}
        if isinstance(value, collections.deque):
            node["maxlen"] = value.maxlen
        return node | {"items": [self.encode(item, name) for item in value]}

    def _random(self, value: Any, name: str) -> Node:
        if isinstance(value, random.Random):
            return {"type": "random", "state": self.encode(value.getstate(), name)}
        if isinstance(value, np.random.RandomState):
            return {"type": "RandomState", "state": _copied(value.get_state(legacy=False))}
        return {"type": "Generator", "state": _copied(value.bit_generator.state)}

    def _parts(self, space: spaces.Space, name: str) -> list[Any]:
        parts = getattr(space, "spaces", ())
        return [self.encode(part, name) for part in (parts.values() if hasattr(parts, "values") else parts)]

    def _object(self, value: Any, name: str) -> Node:
        is_env = isinstance(value, gymnasium.Env)
        attributes = {key: item for key, item in vars(value).items() if key not in STATIC_ATTRIBUTES}
        node: Node = {"type": "object", "class": class_name(value)}
        if is_env and callable(getattr(type(value), "state_dict", None)):
            kept = ("_np_random", "action_space", "observation_space", "env")
            attributes = {key: item for key, item in attributes.items() if key in kept}
            node["own"] = value.state_dict()
        encoded = {
            key: self.encode(item, f"{type(value).__name__}.{key}" if is_env else name)
            for key, item in attributes.items()
        }
        return node | {"attributes": encoded}


def is_static(value: object) -> bool:
    """Return whether a value is code, a constant or part of the rendering, not of the simulation."""
    if isinstance(value, CODE + CONSTANTS):
        return True
    module = getattr(type(value), "__module__", "")  # types of C extensions may not have it
    if module in STATIC_MODULES:
        return True
    return module.partition(".")[0] in STATIC_PACKAGES and not is_mujoco_data(value)


class _Plain:
    pass


def is_plain_object(value: object) -> bool:
    """Return whether the whole state of an object is in its `__dict__`: no slots and no memory of a C extension."""
    return hasattr(value, "__dict__") and type(value).__basicsize__ == _Plain.__basicsize__


def class_name(value: object) -> str:
    """Return `module.Class` of an object, independent of the folder of a user's file."""
    return f"{stable_name(type(value).__module__)}.{type(value).__qualname__}"


def _copied(state: Any) -> Node:
    """Copy the state of a NumPy bit generator: nested dicts of ints, strings and arrays."""
    copied: Node = {}
    for key, value in state.items():
        if isinstance(value, dict):
            copied[key] = _copied(value)
        else:
            copied[key] = value.copy() if isinstance(value, np.ndarray) else value
    return copied
