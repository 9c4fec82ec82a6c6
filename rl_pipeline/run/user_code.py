"""Users' files that a configuration names: classes as `path/to/file.py:Class`, and paths among arguments."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rl_pipeline.class_path import KEPT_CODE
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.schema import Config
from rl_pipeline.run.code_copy import absolute_path
from rl_pipeline.run.folder import RunFolder

FILE_CLASS = re.compile(r"(?P<file>[^:]+\.py):(?P<name>\w+)")
FOLDER = KEPT_CODE
"""Folder of a run's copies."""
ARGUMENTS = (
    ("environment", "kwargs"),
    ("environment", "wrappers"),
    ("training", "algorithm_parameters"),
    ("training", "architecture"),
    ("training", "callbacks"),
    ("experiment", "keep"),
)
"""Blocks whose texts may be paths."""

Key = tuple[str, ...]


def code_files(config: Config) -> list[Path]:
    """List the Python files whose classes a configuration names; a run executes all of them."""
    matches = (FILE_CLASS.fullmatch(text) for _, text in _texts(config.model_dump(), ()))
    return list(dict.fromkeys(Path(match["file"]).expanduser() for match in matches if match))


def argument_paths(config: Config) -> list[Path]:
    """List the existing files and folders that arguments name."""
    paths = (_path(text) for key, text in _texts(config.model_dump(), ()) if _is_argument(key))
    return list(dict.fromkeys(path for path in paths if path is not None and path.exists()))


def find_user_code(config: Config, run: RunFolder) -> Config:
    """Replace the names of a run's copies by their current paths.

    Raises:
        ConfigError: A name starts in the run's folder for code and leads out of it.
    """
    folder = (run.path / FOLDER).resolve()

    def find(text: str) -> str:
        copy = run.path / text
        if Path(text).parts[:1] != (FOLDER,) or not copy.exists():
            return text
        if not copy.resolve().is_relative_to(folder):
            remedy = f"name a file in {folder}"
            raise ConfigError(
                [Problem(str(run.config), "leads out of the run's folder", text, remedy=remedy)]
            )
        return str(copy)

    return replace_paths(config, find)


def name_user_code(config: Config, run: RunFolder) -> Config:
    """Replace the paths of a run's copies by names relative to the run."""

    def name(text: str) -> str:
        path = Path(text)
        return str(path.relative_to(run.path)) if path.is_relative_to(run.path / FOLDER) else text

    return replace_paths(config, name)


def without_folders(config: Config) -> Config:
    """Keep only the names of files, to compare the configuration of a run with the one that it was started from."""
    paths = set(argument_paths(config))
    files = set(code_files(config))

    def shorten(text: str) -> str:
        return Path(text).name if _path(text) in paths or Path(text).expanduser() in files else text

    return replace_paths(config, shorten)


def replace_paths(config: Config, replace: Callable[[str], str]) -> Config:
    """Replace the files of classes, and texts in arguments, which may be paths."""
    return Config.model_validate(_walk(config.model_dump(), (), replace))


def _walk(node: object, key: Key, replace: Callable[[str], str]) -> Any:
    if isinstance(node, dict):
        return {_walk(name, (), replace): _walk(value, (*key, name), replace) for name, value in node.items()}
    if isinstance(node, list):
        return [_walk(item, key, replace) for item in node]
    if not isinstance(node, str):
        return node
    match = FILE_CLASS.fullmatch(node)
    if match is not None:
        return f"{replace(match['file'])}:{match['name']}"
    return replace(node) if _is_argument(key) else node


def _texts(node: object, key: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _texts(name, ())
            yield from _texts(value, (*key, name))
    elif isinstance(node, list):
        for item in node:
            yield from _texts(item, key)
    elif isinstance(node, str):
        yield key, node


def _is_argument(key: Key) -> bool:
    return key[:2] in ARGUMENTS


def _path(text: str) -> Path | None:
    """Return the absolute path that a text may be; a word without a dot or slash is not a path."""
    if "\0" in text or not ("/" in text or "." in text.strip(".")):
        return None
    return absolute_path(Path(text))
