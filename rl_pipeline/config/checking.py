"""The checks of a composed configuration: all its problems at once, each in its place."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rl_pipeline.config.composition import Composition
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.provenance import Provenance
from rl_pipeline.config.translation import Model, validate

MappingCheck = Callable[[Mapping[str, Any]], list[Problem]]
"""Finds problems in the merged mapping, in which any key may be wrong or absent.

It leaves `Problem.place` empty: the caller fills it in from the key.
"""


def checked(
    model: type[Model],
    composition: Composition,
    name: str,
    problems: Sequence[Problem] = (),
    checks: Iterable[MappingCheck] = (),
) -> Model:
    """Return the composed configuration as a model.

    Args:
        model: what the configuration must fit.
        composition: the configuration.
        name: the file, which is the place of problems whose key is not written anywhere.
        problems: problems that were found before.
        checks: find further problems, also in a configuration that does not fit the model.

    Raises:
        ConfigError: with all problems, in the order of the file, one per key.
    """
    config, found = validate(model, composition.mapping)
    for check in checks:
        found += check(composition.mapping)
    found = _placed([*problems, *found], composition.provenance, name)
    if config is None or found:
        raise ConfigError(found)
    return config


def _placed(problems: Iterable[Problem], provenance: Provenance, name: str) -> list[Problem]:
    first: dict[str, Problem] = {}
    for number, problem in enumerate(problems):
        place = problem.place or provenance.nearest(problem.key) or name
        first.setdefault(problem.key or f"problem {number}", replace(problem, place=place))
    return sorted(first.values(), key=_position)


def _position(problem: Problem) -> tuple[str, int]:
    name, _, line = (problem.place or "").rpartition(":")
    return (name, int(line)) if line.isdigit() else (line, 0)
