"""Classes named in YAML: `package.module:Class` or `path/to/file.py:Class`, never evaluated text."""

import importlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.own_modules import import_own_file

T = TypeVar("T")

KEPT_CODE = "code"
"""Folder in which a run keeps copies of the files that its classes need."""


def is_class_path(text: str) -> bool:
    """Return whether a name from YAML refers to a user's own class and not to a registered one."""
    return ":" in text


def short_class_path(text: str) -> str:
    """Shorten `path/to/file.py:Class` to `path/to/file:Class`, without the folder in which a run keeps its copy.

    Args:
        text: A name from YAML; it is returned unchanged if it names no file.
    """
    file, _, name = text.rpartition(":")
    if not file.endswith(".py"):
        return text
    return f"{file.removeprefix(f'{KEPT_CODE}/').removesuffix('.py')}:{name}"


def resolve_class(class_path: str, base: type[T], key: str) -> type[T]:
    """Import the class that `class_path` names.

    Args:
        class_path: `package.module:Class` or `path/to/file.py:Class`, relative to the working folder.
        base: The class that the result must derive from.
        key: Configuration key of the class path, for the error message.

    Returns:
        The class itself, not an instance.

    Raises:
        ConfigError: The file, module or class does not exist, or is not a subclass of `base`.
    """
    location, _, class_name = class_path.rpartition(":")
    if not location or not class_name.isidentifier():
        message = f"'{class_path}' is not a class path; write package.module:Class or path/to/file.py:Class"
        raise ConfigError([Problem(key, message, class_path)])
    module = _import(location)
    if isinstance(module, str):
        raise ConfigError([Problem(key, module, class_path)])
    candidate = getattr(module, class_name, None)
    if not inspect.isclass(candidate) or not issubclass(candidate, base):
        found = [name for name, value in vars(module).items() if _defines(module, value, base)]
        hint = f"; it has {', '.join(sorted(found))}" if found else f"; it defines no {base.__name__}"
        problem = "has no class" if candidate is None else f"has no subclass of {base.__name__} named"
        raise ConfigError([Problem(key, f"'{location}' {problem} '{class_name}'{hint}", class_path)])
    return candidate


def find_class(name: str, registered: Mapping[str, type[T]], base: type[T], key: str) -> type[T] | Problem:
    """Find a class by its registered name or its class path.

    Args:
        name: A key of `registered`, `package.module:Class` or `path/to/file.py:Class`.
        registered: The classes that have a short name.
        base: What a user's own class must derive from.
        key: Configuration key of the name, for the message.

    Returns:
        The class, or the problem to report to the user.
    """
    if name in registered:
        return registered[name]
    if is_class_path(name):
        try:
            return resolve_class(name, base, key)
        except ConfigError as error:
            return error.problems[0]
    choice = "one of these, or " if registered else ""
    return Problem(
        key=key,
        message=f"unknown {base.__name__}",
        value=name,
        valid=sorted(registered),
        nearest=nearest(name, registered),
        remedy=f"name {choice}your own class as path/to/file.py:Class or package.module:Class",
    )


def check_arguments(
    found: type, arguments: Mapping[str, object], key: str, *, n_given: int = 0
) -> list[Problem]:
    """Return the problems in the names of keyword arguments for a class.

    Args:
        found: The class.
        arguments: The arguments from YAML.
        key: Key of the arguments in the configuration, for messages.
        n_given: Number of first positional arguments that the caller provides.
    """
    parameters = list(inspect.signature(found).parameters.values())[n_given:]
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    named = {p.name: p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    unknown = [
        Problem(
            f"{key}.{name}",
            f"{found.__name__} has no argument of this name",
            value,
            valid=sorted(named),
            nearest=nearest(name, named),
        )
        for name, value in arguments.items()
        if name not in named and not takes_any
    ]
    missing = [
        Problem(key, f"{found.__name__} needs the argument {name}", remedy=f"add `{name}:` below its name")
        for name, parameter in named.items()
        if parameter.default is parameter.empty and name not in arguments
    ]
    return unknown + missing


def _defines(module: ModuleType, value: object, base: type) -> bool:
    return inspect.isclass(value) and issubclass(value, base) and value.__module__ == module.__name__


def _import(location: str) -> ModuleType | str:
    """Import a module or a file, or return the reason why it cannot be imported."""
    if not location.endswith(".py"):
        try:
            return importlib.import_module(location)
        except ModuleNotFoundError as error:
            remedy = "is it installed, and is its folder on PYTHONPATH?"
            return f"no module named '{error.name}' (needed for '{location}'); {remedy}"
    path = Path(location).expanduser().resolve()
    if path.is_file():
        return import_own_file(path)
    return (
        f"the file '{location}' does not exist (looked at {path}); paths are relative to the working folder, "
        "not to that of the YAML file"
    )
