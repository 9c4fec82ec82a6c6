"""Composition of documents: mappings are merged, other values are replaced."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from rl_pipeline.config.key_schema import KeySchema, value_at
from rl_pipeline.config.overrides import COMMAND_LINE
from rl_pipeline.config.places import KeyPath
from rl_pipeline.config.provenance import Provenance
from rl_pipeline.config.rules import drop_overruled
from rl_pipeline.config.yaml_reader import Document


class Composition:
    """The documents added so far, the strongest last."""

    def __init__(self, schema: KeySchema) -> None:
        self._schema = schema
        self.mapping: dict[str, Any] = {}
        self._places: dict[KeyPath, str] = {}

    @property
    def provenance(self) -> Provenance:
        """Origins of the values."""
        return Provenance({".".join(path): place for path, place in self._places.items()})

    def add(self, document: Document) -> None:
        """Merge a stronger document over the previous ones.

        An empty section (`kwargs:` with nothing below) changes nothing in a file; `section=null` on the command
        line restores its defaults. `kwargs: {}` removes all keys below. A mapping replaces one of another `type`,
        so that a cosine schedule does not inherit the keys of a linear one.
        """
        drop_overruled(self.mapping, document.mapping)
        self._merge(self.mapping, document.mapping, (), document)

    def move(self, source: KeyPath, target: KeyPath) -> None:
        """Move the keys of a mapping, with their places, into another one, whose own keys are stronger.

        If the target is not a mapping, which is refused later, the keys are dropped.
        """
        keys = value_at(self.mapping, source)
        into = self._mapping_at(target)
        if into is None:
            self.remove(source)
            return
        if source in self._places:
            self._places.setdefault(target, self._places[source])
        for key in [key for key in keys if key not in into]:
            into[key] = keys[key]
            old, new = (*source, key), (*target, key)
            below = {path: place for path, place in self._places.items() if path[: len(old)] == old}
            self._places |= {(*new, *path[len(old) :]): place for path, place in below.items()}
        self.remove(source)

    def remove(self, path: KeyPath) -> None:
        """Remove a key that is written."""
        del value_at(self.mapping, path[:-1])[path[-1]]
        self._forget(path)

    def _mapping_at(self, path: KeyPath) -> dict[str, Any] | None:
        """Return the mapping at a path, created if it is missing; None if the path holds another type."""
        mapping: Any = self.mapping
        for part in path:
            if mapping.get(part) is None:
                mapping[part] = {}
            mapping = mapping[part]
            if not isinstance(mapping, dict):
                return None
        return mapping

    def _merge(
        self, weaker: dict[str, Any], stronger: Mapping[str, object], above: KeyPath, document: Document
    ) -> None:
        for key, value in stronger.items():
            path = (*above, key)
            if value is None and self._schema.is_section(path):
                if document.name == COMMAND_LINE and key in weaker:  # `key=null` is written on purpose
                    del weaker[key]
                    self._forget(path)
                continue
            if isinstance(value, Mapping):
                emptied = not value and self._schema.is_free_mapping(path)
                if emptied or not _can_merge(weaker.get(key), value):
                    self._forget(path)
                    weaker[key] = {}
                self._places[path] = document.place(path)
                self._merge(weaker[key], value, path, document)
            else:
                self._forget(path)
                weaker[key] = deepcopy(value)
                self._places |= {written: document.place(written) for written in _paths(value, path)}

    def _forget(self, path: KeyPath) -> None:
        """Drop the places of a key and of everything below it."""
        for written in [other for other in self._places if other[: len(path)] == path]:
            del self._places[written]


def _can_merge(weaker: object, stronger: Mapping[str, object]) -> bool:
    if not isinstance(weaker, dict):
        return False
    return "type" not in stronger or weaker.get("type", stronger["type"]) == stronger["type"]


def _paths(value: object, path: KeyPath) -> Iterator[KeyPath]:
    """Yield the path of a value and of everything below it."""
    yield path
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _paths(below, (*path, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _paths(below, (*path, str(index)))
