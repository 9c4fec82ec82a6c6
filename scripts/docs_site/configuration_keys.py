"""The reference of the YAML keys, from the models that check them."""

import json
from collections.abc import Iterator

from markdown_table import code, table
from pydantic import BaseModel

from rl_pipeline.config.key_schema import KeySchema, Schema, in_words

HEAD = ("Key", "Values", "Default", "Meaning")


def key_reference(model: type[BaseModel], path: str = "") -> str:
    """Write every key of a model, with valid values, default and meaning, as Markdown.

    Args:
        model: The model that checks the keys.
        path: The key above them; empty for a whole file.
    """
    schema = model.model_json_schema()
    return "\n".join(_KeyReference(schema).sections(path, [schema]))


class _KeyReference:
    def __init__(self, schema: Schema) -> None:
        self._keys = KeySchema(schema)

    def sections(self, path: str, kinds: list[Schema]) -> Iterator[str]:
        """Write the keys below a path, then those below each of them.

        Args:
            path: The key above them; empty for a whole file.
            kinds: The valid kinds, each with its own keys.
        """
        if path:
            yield f"## {path}\n"
        for kind in kinds:
            yield f"{kind['description']}\n"
            yield table(HEAD, (self._row(_join(path, name), name, kind) for name in kind["properties"]))
        for kind in kinds:
            for name, node in kind["properties"].items():
                for below, kinds_below in self._below(_join(path, name), node).items():
                    yield from self.sections(below, kinds_below)

    def _row(self, path: str, name: str, kind: Schema) -> tuple[str, str, str, str]:
        node = kind["properties"][name]
        options = self._keys.alternatives(node)
        words = dict.fromkeys(word for option in options for word in in_words(option))
        # If the descriptions of a key and its section are equal, pydantic keeps only the section's.
        meaning = node.get("description") or options[0]["description"]
        default = "required" if name in kind.get("required", ()) else self._default(node)
        return code(path), ", ".join(words), default, meaning

    def _default(self, node: Schema) -> str:
        """Return a default as YAML; the keys of a section have their own defaults."""
        options = self._keys.alternatives(node)
        if any("properties" in option for option in options) and node.get("default") is not None:
            return ""
        empty: list[str] | dict[str, str] = [] if options[0].get("type") == "array" else {}
        return code(json.dumps(node.get("default", empty)))

    def _below(self, path: str, node: Schema) -> dict[str, list[Schema]]:
        """Return the models with keys below a key, in its list (0) or under the user's name (NAME), by path."""
        found: dict[str, list[Schema]] = {}
        for option in self._keys.alternatives(node):
            if "properties" in option:
                found.setdefault(path, []).append(option)
            for part, inner in (("0", option.get("items")), ("NAME", option.get("additionalProperties"))):
                if isinstance(inner, dict):  # True means any value
                    for below, kinds in self._below(f"{path}.{part}", inner).items():
                        found.setdefault(below, []).extend(kinds)
        return found


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
