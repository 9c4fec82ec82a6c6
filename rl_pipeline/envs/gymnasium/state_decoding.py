"""Decoding of the data of `state_encoding` into another environment of the same kind."""

import collections
import enum
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from rl_pipeline.envs.errors import CannotRestoreError
from rl_pipeline.envs.gymnasium.mujoco_data import is_mujoco_data, restore_mujoco
from rl_pipeline.envs.gymnasium.state_encoding import Node, class_name, is_static

MISSING = object()
"""Represents an attribute or item that the given environment does not have."""


class Decoder:
    """Restores one environment."""

    def __init__(self) -> None:
        self._restored: dict[int, object] = {}

    def decode(self, node: object, existing: object) -> Any:
        """Return the value of a node.

        Args:
            node: the result of `Encoder.encode`.
            existing: the value at the same place in the given environment, or MISSING.

        Raises:
            CannotRestoreError: the given environment does not have an object that cannot be made from its state.
        """
        if node is None and existing is not MISSING and is_static(existing):
            return existing  # a window that was not open when the state was saved
        if not isinstance(node, dict):
            return node
        if node["type"] == "same":
            return self._restored[node["id"]]
        decode: Callable[[Node, object], object] = getattr(self, f"_{node['type']}")
        value = decode(node, existing)
        if "id" in node:
            self._restored[node["id"]] = value
        return value

    def _static(self, node: Node, existing: object) -> object:
        return existing

    def _enum(self, node: Node, existing: object) -> object:
        if not isinstance(existing, enum.Enum):
            raise CannotRestoreError(f"the enumeration of '{node['name']}' is unknown")
        return type(existing)[node["name"]]

    def _scalar(self, node: Node, existing: object) -> object:
        return node["value"][()]

    def _bytes(self, node: Node, existing: object) -> bytes:
        return node["value"].tobytes()

    def _array(self, node: Node, existing: object) -> np.ndarray:
        return node["value"].copy(order="K")

    def _foreign(self, node: Node, existing: Any) -> np.ndarray:
        value: np.ndarray = node["value"]
        is_view = isinstance(existing, np.ndarray) and existing.base is not None and existing.flags.writeable
        if not is_view or existing.shape != value.shape or existing.dtype != value.dtype:
            return value.copy()
        existing[...] = value
        return existing

    def _view(self, node: Node, existing: object) -> np.ndarray:
        owner = self.decode(node["of"], MISSING)
        memory = owner if owner.flags.c_contiguous else owner.T
        return np.ndarray(node["shape"], np.dtype(node["dtype"]), memory, node["offset"], node["strides"])

    def _items(self, node: Node, existing: Any) -> list[object]:
        if is_sequence(existing) and len(existing) == len(node["items"]):
            counterparts = list(existing)
        else:
            counterparts = [MISSING] * len(node["items"])
        return [
            _present(self.decode(item, counterpart))
            for item, counterpart in zip(node["items"], counterparts, strict=True)
        ]

    def _list(self, node: Node, existing: object) -> list[object]:
        value: list[object] = []
        self._restored[node["id"]] = value  # it may contain itself
        value.extend(self._items(node, existing))
        return value

    def _tuple(self, node: Node, existing: object) -> tuple[object, ...]:
        return tuple(self._items(node, existing))

    def _set(self, node: Node, existing: object) -> set[object]:
        return set(self._items(node, MISSING))

    def _frozenset(self, node: Node, existing: object) -> frozenset[object]:
        return frozenset(self._items(node, MISSING))

    def _deque(self, node: Node, existing: object) -> collections.deque[object]:
        return collections.deque(self._items(node, existing), maxlen=node["maxlen"])

    def _dict(self, node: Node, existing: object) -> dict[object, object]:
        value: dict[object, object] = collections.OrderedDict() if node["type"] == "OrderedDict" else {}
        self._restored[node["id"]] = value
        for key_node, item in zip(node["keys"], node["items"], strict=True):
            key = self.decode(key_node, MISSING)
            counterpart = existing.get(key, MISSING) if isinstance(existing, dict) else MISSING
            value[key] = _present(self.decode(item, counterpart))
        return value

    _OrderedDict = _dict

    def _random(self, node: Node, existing: object) -> random.Random:
        generator = random.Random()
        generator.setstate(self.decode(node["state"], MISSING))
        return generator

    def _RandomState(self, node: Node, existing: object) -> np.random.RandomState:  # noqa: N802
        generator = np.random.RandomState()
        generator.set_state(node["state"])
        return generator

    def _Generator(self, node: Node, existing: object) -> np.random.Generator:  # noqa: N802
        bit_generator = getattr(np.random, node["state"]["bit_generator"])()
        bit_generator.state = node["state"]
        return np.random.Generator(bit_generator)

    def _space(self, node: Node, existing: Any) -> object:
        if existing is MISSING:
            raise CannotRestoreError("it does not have the space")
        existing._np_random = self.decode(node["random"], None)
        parts = getattr(existing, "spaces", ())
        for part_node, part in zip(
            node["parts"], parts.values() if hasattr(parts, "values") else parts, strict=True
        ):
            self.decode(part_node, part)
        return existing

    def _mujoco(self, node: Node, existing: object) -> object:
        if not is_mujoco_data(existing):
            raise CannotRestoreError("it has no MuJoCo simulation at this place")
        restore_mujoco(existing, node["state"])
        return existing

    def _object(self, node: Node, existing: Any) -> object:
        if existing is MISSING or class_name(existing) != node["class"]:
            raise CannotRestoreError(f"it has no {node['class']} at this place")
        self._restored[node["id"]] = existing
        attributes = vars(existing)
        for key, item in node["attributes"].items():
            value = self.decode(item, attributes.get(key, MISSING))
            if value is not MISSING:
                attributes[key] = value
        if "own" in node:
            existing.load_state_dict(node["own"])
        return existing


def is_sequence(value: object) -> bool:
    """Return whether a value has items in an order."""
    return isinstance(value, list | tuple | collections.deque)


def _present(value: object) -> object:
    if value is MISSING:
        raise CannotRestoreError("an item of a collection cannot be made from its state")
    return value
