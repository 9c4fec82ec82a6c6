"""Safe YAML reading: files become plain mappings with the line of every key."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rl_pipeline.config.errors import MISSING, ConfigError, Problem
from rl_pipeline.config.places import KeyPath, missing_file, shown_path
from rl_pipeline.config.yaml_dialect import ConfigLoader
from rl_pipeline.config.yaml_nodes import NodeReader
from rl_pipeline.config.yaml_syntax import syntax_problem

MAX_BYTES = 4_000_000
"""Limit of a configuration's size, which is usually a few kilobytes."""


@dataclass(frozen=True)
class Document:
    """A YAML mapping and the lines of its keys."""

    name: str
    """Name of the file in messages."""
    mapping: dict[str, Any]
    lines: dict[KeyPath, int] = field(default_factory=dict)
    """Line of each key, counted from 1."""
    problems: list[Problem] = field(default_factory=list)
    """Problems; `mapping` does not contain the refused values."""

    def place(self, path: KeyPath) -> str:
        """Return `file:line` of a key, or the file if the line is not known."""
        line = self.lines.get(path)
        return self.name if line is None else f"{self.name}:{line}"


def read_yaml(file: Path) -> Document:
    """Read a YAML file whose top level is a mapping.

    Raises:
        ConfigError: the file does not exist, cannot be read, is not YAML or holds no mapping. Duplicate keys, keys
            that are not text, and tags do not raise: they are listed in `Document.problems`.
    """
    name = shown_path(file)
    try:
        return parse_yaml(_read_text(file, name), name)
    except FileNotFoundError:
        raise ConfigError([missing_file(file)]) from None
    except UnicodeDecodeError as error:
        problem = Problem("", f"is not UTF-8 text: {error}", remedy="save it as UTF-8", place=name)
        raise ConfigError([problem]) from error
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        problem = Problem("", message, remedy="name a readable YAML file", place=name)
        raise ConfigError([problem]) from error


def _read_text(file: Path, name: str) -> str:
    """Read a regular file of limited size; devices and pipes may never end."""
    is_other = file.exists() and not file.is_file() and not file.is_dir()
    if is_other or (file.is_file() and file.stat().st_size > MAX_BYTES):
        found = "is not a regular file" if is_other else f"has {file.stat().st_size:,} bytes"
        remedy = f"name a YAML file of at most {MAX_BYTES:,} bytes"
        raise ConfigError(
            [Problem("", f"{found}, so it cannot be a configuration", remedy=remedy, place=name)]
        )
    return file.read_text(encoding="utf-8")


def parse_yaml(text: str, name: str) -> Document:
    """Read a YAML text as `read_yaml` reads a file; an empty text is an empty mapping."""
    reader, value = _parse(text, name)
    if not isinstance(value, dict):
        if value is not None and value is not MISSING:
            remedy = "write lines of the form `key: value`"
            problem = Problem("", "the top level must be a mapping", value, remedy=remedy, place=f"{name}:1")
            raise ConfigError([problem, *reader.problems])
        value = {}
    return Document(name, value, reader.lines, reader.problems)


def parse_value(text: str, name: str) -> Any:
    """Read a YAML text that may be any value. Raises ConfigError for everything that `read_yaml` refuses."""
    reader, value = _parse(text, name)
    if reader.problems:
        raise ConfigError(reader.problems)
    return value


def _parse(text: str, name: str) -> tuple[NodeReader, Any]:
    reader = NodeReader(name)
    try:
        node = yaml.compose(text, Loader=ConfigLoader)
        return reader, None if node is None else reader.value(node, ())
    except yaml.YAMLError as error:
        raise ConfigError([syntax_problem(error, name)]) from error
    except RecursionError as error:
        problem = Problem("", "is nested too deeply", remedy="use fewer levels", place=name)
        raise ConfigError([problem]) from error
