"""What acts for the behaviours that are not trained: a rule of the user's, or nothing at all."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem

Rule = Callable[[list[NDArray[Any]]], NDArray[Any]]
STILL = "still"


def load_rules(others: dict[str, str]) -> dict[str, Rule]:
    """Import the rules of `environment.unity.other_behaviours`; those that stay still have none.

    Raises:
        ConfigError: A rule is not there.
    """
    return {name: _load(name, path) for name, path in others.items() if path != STILL}


def _load(behaviour: str, path: str) -> Rule:
    location, _, name = path.rpartition(":")
    try:
        rule = getattr(_module(location), name)
    except (ImportError, AttributeError, OSError, ValueError) as error:
        key = f"environment.unity.other_behaviours.{behaviour}"
        valid = ["still", "package.module:function", "path/to/file.py:function"]
        raise ConfigError([Problem(key, f"leads to no function ({error})", path, valid)]) from error
    return rule


def _module(location: str) -> ModuleType:
    if not location.endswith(".py"):
        return import_module(location)
    spec = spec_from_file_location(Path(location).stem, location)
    if spec is None or spec.loader is None:
        raise ImportError(f"{location} is no Python file")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def act(rule: Rule, observations: list[NDArray[Any]], shape: tuple[int, ...], name: str) -> NDArray[Any]:
    """Ask a rule for actions.

    Raises:
        ValueError: They have another shape than (agents, *action shape).
    """
    actions = np.asarray(rule(observations))
    expected = (len(observations[0]), *shape)
    if actions.shape != expected:
        raise ValueError(
            f"the rule of behaviour {name} gave actions of shape {actions.shape}, not {expected}"
        )
    return actions
