"""The YAML of configurations: YAML 1.1 without code, and with usual notations of numbers."""

import re
from typing import Any

import yaml

TAG = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)$|0x[0-9a-fA-F_]+$")
_FLOAT = re.compile(
    r"[-+]?(?:(?:[0-9][0-9_]*)?\.[0-9][0-9_]*|[0-9][0-9_]*\.|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?$"
    r"|[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN|NAN)$"
)


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """Return YAML 1.1's rules for unquoted words, without its surprising ones.

    `3e-4` is a float; `1:30` (base 60), `010` (octal) and dates remain text.
    """
    kept = {TAG + name for name in ("null", "bool", "merge")}
    rules: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for first_character, candidates in yaml.SafeLoader.yaml_implicit_resolvers.items():
        rules[first_character] = [(tag, pattern) for tag, pattern in candidates if tag in kept]
    for first_character in "-+.0123456789":
        rules.setdefault(first_character, []).extend([(TAG + "int", _INT), (TAG + "float", _FLOAT)])
    return rules


class ConfigLoader(yaml.SafeLoader):
    """PyYAML's safe loader with usual notations of numbers."""

    yaml_implicit_resolvers = _resolvers()


class ConfigDumper(yaml.SafeDumper):
    """PyYAML's safe dumper, which quotes text that `ConfigLoader` would read as a number.

    Lists of plain values, and texts with line breaks, take one line each.
    """

    yaml_implicit_resolvers = ConfigLoader.yaml_implicit_resolvers

    def ignore_aliases(self, data: object) -> bool:
        """Write every value in full, without aliases."""
        return True


def _represent_list(dumper: ConfigDumper, data: list[Any]) -> yaml.Node:
    plain = not any(isinstance(item, list | dict) for item in data)
    return dumper.represent_sequence(TAG + "seq", data, flow_style=plain)


def _represent_str(dumper: ConfigDumper, data: str) -> yaml.Node:
    return dumper.represent_scalar(TAG + "str", data, style='"' if "\n" in data else None)


def dump_yaml(mapping: dict[str, Any]) -> str:
    """Return a mapping as YAML that `ConfigLoader` reads back unchanged, in the order of the mapping."""
    return yaml.dump(mapping, Dumper=ConfigDumper, sort_keys=False, allow_unicode=True, width=float("inf"))


ConfigDumper.add_representer(list, _represent_list)
ConfigDumper.add_representer(str, _represent_str)
