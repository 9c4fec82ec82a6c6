"""The part of a configuration that fits the schema, so that further checks run even if other parts are refused."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import Problem
from rl_pipeline.config.experiment import Experiment
from rl_pipeline.config.key_schema import value_at
from rl_pipeline.config.places import KeyPath
from rl_pipeline.config.training import Training
from rl_pipeline.config.translation import Model, validate


@dataclass(frozen=True)
class Draft:
    """The sections of a training, without keys that do not fit the schema, which are refused anyway."""

    experiment: Experiment
    environment: Environment | None
    """None if its id is missing or malformed."""
    training: Training
    malformed: frozenset[str]
    """Dotted keys that were left out; here they have their defaults."""

    def is_sound(self, key: str) -> bool:
        """Return whether nothing at, above or below a key was left out."""
        return not any(f"{key}.".startswith(f"{bad}.") or bad.startswith(f"{key}.") for bad in self.malformed)


Check = Callable[[Draft], list[Problem]]
"""Finds problems that the schema cannot describe, such as unknown algorithms.

It skips checks that depend on a malformed key. It leaves `Problem.place` empty: the caller fills it in from the key.
"""


def draft_of(mapping: Mapping[str, Any]) -> Draft:
    """Return the part of a merged mapping that fits the schema; any of its keys may be wrong or absent."""
    experiment, bad = _fitting(Experiment, mapping, "experiment")
    environment, bad_environment = _fitting(Environment, mapping, "environment")
    training, bad_training = _fitting(Training, mapping, "training")
    malformed = frozenset(bad | bad_environment | bad_training)
    return Draft(experiment or Experiment(), environment, training or Training(), malformed)


def _fitting(model: type[Model], mapping: Mapping[str, Any], name: str) -> tuple[Model | None, set[str]]:
    """Return a section without the keys that do not fit, and those keys; None if a required key is among them."""
    rest = deepcopy(mapping.get(name, {}))
    malformed: set[str] = set()
    if not isinstance(rest, dict):
        rest, malformed = {}, {name}
    while True:
        section, problems = validate(model, rest)
        if section is not None:
            return section, malformed
        paths = {_written(rest, tuple(problem.key.split("."))) for problem in problems}
        if () in paths:
            return None, malformed | {name}
        for *above, key in sorted(paths, key=len, reverse=True):
            value_at(rest, tuple(above)).pop(key, None)
        malformed |= {".".join((name, *path)) for path in paths}


def _written(mapping: dict[str, Any], path: KeyPath) -> KeyPath:
    """Return the part of a path down to the last key that is written, without items of a list."""
    for length, key in enumerate(path):
        below = value_at(mapping, path[:length])
        if not isinstance(below, dict) or key not in below:
            return path[:length]
    return path
