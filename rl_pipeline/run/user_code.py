"""Python files that a configuration names: a copy lies in the run's folder, so that the run needs nothing else."""

import filecmp
import itertools
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.schema import Config
from rl_pipeline.run.folder import RunFolder

FILE_CLASS = re.compile(r"(?P<file>[^:]+\.py):(?P<name>\w+)")
FOLDER = "code"


def keep_user_code(config: Config, run: RunFolder) -> Config:
    """Copy every file of a `path/to/file.py:Class` into the run and name the copy instead, relative to the run."""

    def keep(file: Path) -> str:
        if not file.is_file():
            return str(file)
        copy = _place(file, run.path / FOLDER)
        if not copy.exists():
            copy.parent.mkdir(exist_ok=True)
            shutil.copy2(file, copy)
        return f"{FOLDER}/{copy.name}"

    return _replace_files(config, keep)


def find_user_code(config: Config, run: RunFolder) -> Config:
    """Turn the paths that `keep_user_code` made into those of the copies, wherever the run lies now.

    Raises:
        ConfigError: A path begins in the run's folder for code and leads out of it.
    """

    def find(file: Path) -> str:
        copy = run.path / file
        if file.parts[:1] != (FOLDER,) or not copy.is_file():
            return str(file)
        if not copy.resolve().is_relative_to((run.path / FOLDER).resolve()):
            remedy = f"name a file in {run.path / FOLDER}"
            raise ConfigError(
                [Problem(str(run.config), "leads out of the run's folder", str(file), remedy=remedy)]
            )
        return str(copy)

    return _replace_files(config, find)


def without_folders(config: Config) -> Config:
    """Leave only the names of files, by which the configurations of a run and of what it was started from compare."""
    return _replace_files(config, lambda file: file.name)


def _place(file: Path, folder: Path) -> Path:
    """Choose the copy's name; a file of the same name and another content gets a number."""
    copies = (folder / f"{file.stem}{f'_{number}' if number > 1 else ''}.py" for number in itertools.count(1))
    return next(copy for copy in copies if not copy.exists() or filecmp.cmp(copy, file, shallow=False))


def _replace_files(config: Config, replace: Callable[[Path], str]) -> Config:
    return Config.model_validate(_walk(config.model_dump(), replace))


def _walk(node: Any, replace: Callable[[Path], str]) -> Any:
    if isinstance(node, dict):
        return {_walk(key, replace): _walk(value, replace) for key, value in node.items()}
    if isinstance(node, list):
        return [_walk(item, replace) for item in node]
    match = FILE_CLASS.fullmatch(node) if isinstance(node, str) else None
    if match is None:
        return node
    return f"{replace(Path(match['file']).expanduser())}:{match['name']}"
