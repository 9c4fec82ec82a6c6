"""Overrides from the command line: `training.algorithm_parameters.gamma=0.98`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.yaml_reader import Document, parse_value

COMMAND_LINE = "command line"


def parse_overrides(overrides: Sequence[str]) -> tuple[Document, list[Problem]]:
    """Return the overrides as one document, and their problems.

    Args:
        overrides: texts of the form `key.path=value`; the value is read as YAML, and the last one of a key wins.
    """
    mapping: dict[str, Any] = {}
    problems: list[Problem] = []
    for override in overrides:
        key, equals, text = override.partition("=")
        path = key.strip().split(".")
        if not equals or not all(path):
            problems.append(_malformed(override))
            continue
        try:
            _set(mapping, path, parse_value(text, COMMAND_LINE))
        except ConfigError as error:
            problems += [replace(found, key=key, value=text, place=COMMAND_LINE) for found in error.problems]
    return Document(COMMAND_LINE, mapping), problems


def _malformed(override: str) -> Problem:
    return Problem(
        "",
        "an override must have the form key.path=value",
        override,
        remedy="write for example training.algorithm_parameters.gamma=0.98, without spaces around the '='",
        place=COMMAND_LINE,
    )


def _set(mapping: dict[str, Any], path: list[str], value: object) -> None:
    for part in path[:-1]:
        if not isinstance(mapping.get(part), dict):
            mapping[part] = {}
        mapping = mapping[part]
    mapping[path[-1]] = value
