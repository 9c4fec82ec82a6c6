"""Keyword arguments of the environment from a separate file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rl_pipeline.config.composition import Composition
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.key_schema import value_at
from rl_pipeline.config.places import missing_file
from rl_pipeline.config.yaml_reader import Document, read_yaml

ENV_CONFIG = ("environment", "env_config")
KWARGS = ("environment", "kwargs")


def resolve_env_config(composition: Composition, folders: Sequence[Path]) -> list[Problem]:
    """Move what `environment.env_config` holds, or the file that it names, into `environment.kwargs`.

    `kwargs` overrides it. Only the configuration knows it; the rest of the stack reads `kwargs`.

    Args:
        composition: the configuration.
        folders: the folders of the experiment's files; the path is relative to one of them or to the working
            directory.

    Returns:
        The problems of the file.
    """
    written = value_at(composition.mapping, ENV_CONFIG)
    problems = _read_file(composition, written, folders) if isinstance(written, str) else []
    if isinstance(value_at(composition.mapping, ENV_CONFIG), dict):
        composition.move(ENV_CONFIG, KWARGS)
    return problems


def _read_file(composition: Composition, path: str, folders: Sequence[Path]) -> list[Problem]:
    """Replace the path by the content of the file."""
    candidates = [folder / path for folder in [*folders, Path()]]
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    key = ".".join(ENV_CONFIG)
    if found is None:
        return [missing_file(candidates[0], key)]
    try:
        document = read_yaml(found)
    except ConfigError as error:
        return [replace(problem, key=key) for problem in error.problems]
    section, name = ENV_CONFIG
    lines = {(*ENV_CONFIG, *written): line for written, line in document.lines.items()}
    composition.add(Document(document.name, {section: {name: document.mapping}}, lines))
    return [replace(problem, key=f"{key}.{problem.key}") for problem in document.problems]
