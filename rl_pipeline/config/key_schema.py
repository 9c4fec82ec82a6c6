"""Valid values of single keys, and the keys below them, according to a JSON schema."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from rl_pipeline.config.errors import MISSING
from rl_pipeline.config.places import KeyPath

Schema = dict[str, Any]


def value_below(value: object, part: str) -> Any:
    """Return the value of a key of a mapping or at an index of a list; MISSING if there is none."""
    if isinstance(value, Mapping):
        return value.get(part, MISSING)
    if isinstance(value, list) and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    return MISSING


def value_at(mapping: object, path: KeyPath) -> Any:
    """Return the value at a path; MISSING if the mapping has none."""
    for part in path:
        mapping = value_below(mapping, part)
    return mapping


class KeySchema:
    """Looks up keys in a JSON schema as pydantic writes it."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def valid_keys(self, path: KeyPath, mapping: Mapping[str, object]) -> list[str]:
        """Return the keys that are valid below a key; none if every key is.

        Args:
            path: the key.
            mapping: the configuration; its `type` keys select the kind of schedule.
        """
        keys: list[str] = []
        for alternative in self._alternatives_at(path, mapping):
            names = alternative.get("propertyNames", {}).get("enum", alternative.get("properties", ()))
            keys.extend(name for name in names if name not in keys)
        return keys

    def valid_values(self, path: KeyPath, mapping: Mapping[str, object]) -> list[str]:
        """Return a description of the values that a key may have."""
        words = [
            word for alternative in self._alternatives_at(path, mapping) for word in in_words(alternative)
        ]
        return list(dict.fromkeys(words))

    def is_section(self, path: KeyPath) -> bool:
        """Return whether a key always holds a mapping."""
        alternatives = self._alternatives_at(path, {})
        return bool(alternatives) and all(option.get("type") == "object" for option in alternatives)

    def is_free_mapping(self, path: KeyPath) -> bool:
        """Return whether a key always holds a mapping whose keys are the user's own, such as `kwargs`."""
        has_keys_of_its_own = any("properties" in option for option in self._alternatives_at(path, {}))
        return self.is_section(path) and not has_keys_of_its_own

    def paths_ending_in(self, name: str) -> list[KeyPath]:
        """Return all places in the schema where a key of this name is valid."""
        return [path for path in self._paths(self._schema, ()) if path[-1] == name]

    def _paths(self, node: Schema, above: KeyPath) -> Iterator[KeyPath]:
        for option in self.alternatives(node):
            for name, child in option.get("properties", {}).items():
                yield (*above, name)
                yield from self._paths(child, (*above, name))

    def _alternatives_at(self, path: KeyPath, mapping: Mapping[str, object]) -> list[Schema]:
        options = self.alternatives(self._schema)
        for depth, part in enumerate(path, start=1):
            children = [child for option in options if (child := _child(option, part)) is not None]
            options = [option for child in children for option in self.alternatives(child)]
            options = _of_the_kind(options, value_at(mapping, path[:depth]))
        return options

    def alternatives(self, node: Schema) -> list[Schema]:
        """Follow references and expand unions: return all alternatives of a schema."""
        if "$ref" in node:
            return self.alternatives(self._schema["$defs"][node["$ref"].rsplit("/", 1)[-1]])
        options = node.get("anyOf") or node.get("oneOf")
        if options is None:
            return [node]
        return [alternative for option in options for alternative in self.alternatives(option)]


@cache
def key_schema(model: type[BaseModel]) -> KeySchema:
    """Return the JSON schema of a model."""
    return KeySchema(model.model_json_schema())


def _child(node: Schema, part: str) -> Schema | None:
    """Return the schema of a key below an object or of an item of a list."""
    if part in node.get("properties", {}):
        return node["properties"][part]
    if part.isdigit() and "prefixItems" in node:
        return dict(enumerate(node["prefixItems"])).get(int(part))
    below = node.get("items") if part.isdigit() else node.get("additionalProperties")
    return {} if below is True else below or None


def _of_the_kind(options: list[Schema], value: object) -> list[Schema]:
    """Keep the options whose constant `type` equals the value's, if any does."""
    kind = value.get("type") if isinstance(value, Mapping) else None
    same = [option for option in options if option.get("properties", {}).get("type", {}).get("const") == kind]
    return same if kind is not None and same else options


def in_words(node: Schema) -> list[str]:
    """Return the valid values of a schema without unions."""
    if "const" in node or "enum" in node:
        return [str(choice) for choice in node.get("enum", [node.get("const")])]
    match node.get("type"):
        case "integer":
            return ["an integer" + _range(node)]
        case "number":
            return ["a number" + _range(node)]
        case "boolean":
            return ["true", "false"]
        case "string":
            return ["text that is not empty" if node.get("minLength") else "text"]
        case "array" if "prefixItems" in node:
            return [f"a list of {len(node['prefixItems'])} values"]
        case "array":
            return ["a list that is not empty" if node.get("minItems") else "a list"]
        case "object":
            return ["a mapping"]
        case "null":
            return ["null"]
    return ["anything"]


def _range(node: Schema) -> str:
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    limits = " and ".join(f"{sign} {_number(node[name])}" for name, sign in signs.items() if name in node)
    return f" {limits}" if limits else ""


def _number(limit: float) -> str:
    return str(limit) if isinstance(limit, int) else f"{limit:g}"
