"""Conversion of PyYAML's nodes to plain values: records each key's line, refuses ambiguous values and code."""

from collections.abc import Iterator

import yaml

from rl_pipeline.config.errors import MISSING, ConfigError, Problem
from rl_pipeline.config.places import KeyPath
from rl_pipeline.config.yaml_dialect import TAG, ConfigLoader
from rl_pipeline.config.yaml_syntax import shown_tag

NULL_WORDS = frozenset({"None", "null"})
"""Strings that mean null, quoted or not."""

MAX_VALUES = 100_000
"""A configuration with more values than this is refused as an attack with nested aliases."""

MAX_DIGITS = 100
"""Longer numbers are refused; Python itself refuses to print some of them."""

_PLAIN_TAGS = frozenset(TAG + name for name in ("null", "bool", "int", "float", "str", "seq", "map"))


class NodeReader:
    """Converts the node tree of one document to plain values, and records lines and problems."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self._constructor = ConfigLoader("")
        self._above: list[yaml.Node] = []
        self._values = 0

    def value(self, node: yaml.Node, path: KeyPath) -> object:
        """Return the value of a node, or MISSING if it was refused."""
        self._values += 1
        if self._values > MAX_VALUES:
            remedy = "write the values out instead of nesting aliases"
            message = f"holds more than {MAX_VALUES} values"
            raise ConfigError([Problem("", message, remedy=remedy, place=self.name)])
        if node.tag not in _PLAIN_TAGS:
            return self._refuse_tag(node, path)
        if any(node is ancestor for ancestor in self._above):
            return self._refuse(node, path, "contains itself through an alias", remedy="remove the alias")
        self._above.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                return self._list(node, path)
            return self._scalar(node, path)
        finally:
            self._above.pop()

    def _scalar(self, node: yaml.Node, path: KeyPath) -> object:
        if node.tag == TAG + "str" and node.value in NULL_WORDS:
            return None
        if node.tag == TAG + "int" and len(node.value) > MAX_DIGITS:
            message = f"is a number of {len(node.value)} characters"
            return self._refuse(node, path, message, node.value, f"use at most {MAX_DIGITS} digits")
        if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in node.value):
            message = (
                "holds a null character or half a surrogate pair, which no file name and no text may hold"
            )
            return self._refuse(node, path, message, node.value, "remove the character")
        try:
            return self._constructor.construct_object(node)
        except (ValueError, KeyError, yaml.constructor.ConstructorError):
            message = f"is not what its tag {shown_tag(node.tag)} says"
            return self._refuse(node, path, message, remedy="remove the tag")

    def _list(self, node: yaml.SequenceNode, path: KeyPath) -> list[object]:
        items = []
        for index, item in enumerate(node.value):
            item_path = (*path, str(index))
            self.lines[item_path] = item.start_mark.line + 1
            items.append(self.value(item, item_path))
        return [item for item in items if item is not MISSING]

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, object]:
        result: dict[str, object] = {}
        for merged in self._merged_mappings(node, path):
            inherited = self.value(merged, path)
            if isinstance(inherited, dict):
                result |= {key: value for key, value in inherited.items() if key not in result}
        first_lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == TAG + "merge":
                continue
            if key_node.tag != TAG + "str":
                self._refuse_key(key_node, path)
            elif key_node.value in first_lines:
                self._refuse_duplicate(key_node, value_node, path, first_lines[key_node.value])
            else:
                key = key_node.value
                first_lines[key] = self.lines[(*path, key)] = line
                result[key] = self.value(value_node, (*path, key))
        return {key: value for key, value in result.items() if value is not MISSING}

    def _refuse(
        self, node: yaml.Node, path: KeyPath, message: str, value: object = MISSING, remedy: str | None = None
    ) -> object:
        place = f"{self.name}:{node.start_mark.line + 1}"
        self.problems.append(Problem(".".join(path), message, value, remedy=remedy, place=place))
        return MISSING

    def _refuse_tag(self, node: yaml.Node, path: KeyPath) -> object:
        tag = shown_tag(node.tag)
        message = f"the tag {tag} is refused, configurations never run code"
        remedy = "write a plain value; name a class as text: 'package.module:Class' or 'file.py:Class'"
        return self._refuse(node, path, message, tag, remedy)

    def _refuse_key(self, node: yaml.Node, path: KeyPath) -> None:
        written = str(node.value) if isinstance(node, yaml.ScalarNode) else "[...]"
        message = f"a key must be text, this one is read as {shown_tag(node.tag)}"
        self._refuse(
            node, (*path, written), message, written, remedy=f"write a word, or quote it: '{written}':"
        )

    def _refuse_duplicate(self, key: yaml.Node, value: yaml.Node, path: KeyPath, first_line: int) -> None:
        message = f"is given twice, in line {first_line} and in line {key.start_mark.line + 1}"
        written = value.value if isinstance(value, yaml.ScalarNode) else MISSING
        remedy = "keep one of the two and remove the other"
        self._refuse(key, (*path, key.value), message, written, remedy)

    def _merged_mappings(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[yaml.Node]:
        """Yield what the merge keys `<<` of a mapping name; the first of several mappings wins."""
        for key_node, value_node in node.value:
            if key_node.tag != TAG + "merge":
                continue
            is_list = isinstance(value_node, yaml.SequenceNode) and value_node.tag == TAG + "seq"
            for merged in value_node.value if is_list else [value_node]:
                if merged.tag not in _PLAIN_TAGS:
                    self._refuse_tag(merged, (*path, "<<"))
                elif not isinstance(merged, yaml.MappingNode):
                    remedy = "write `<<: *name`, and put `&name` before the mapping to merge"
                    self._refuse(merged, (*path, "<<"), "must name a mapping to merge", merged.value, remedy)
                else:
                    yield merged
