"""Check of `training.algorithm_parameters` against the constructor of the algorithm."""

import inspect
import math
import types
import typing
from collections.abc import Iterator, Mapping

from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.config.errors import Problem, nearest

KEY = "training.algorithm_parameters"

SET_ELSEWHERE = {
    "env": "environment",
    "policy_kwargs": "training.architecture",
    "device": "training.training.device",
    "seed": "experiment.seed",
    "verbose": "training.training.verbose",
    "tensorboard_log": "training.tensorboard",
    "replay_buffer_class": "training.hindsight_replay",
}
"""Constructor arguments that other keys of the configuration set."""

BUILT_FROM_YAML = {"action_noise", "rollout_buffer_class", "train_freq", "policy"}
"""Arguments whose YAML form differs from the constructor's; `build.py` converts them."""

MAY_BE_INFINITE = {"max_grad_norm", "clip_range", "clip_range_vf", "target_kl"}
"""Limits, which `.inf` switches off."""

PRIMITIVES = (bool, int, float, str, dict, type(None))


def constructor_arguments(model_class: type[BaseAlgorithm]) -> dict[str, inspect.Parameter]:
    """Return the constructor arguments of an algorithm, including those of its base class if it passes `**kwargs`."""
    found: dict[str, inspect.Parameter] = {}
    for parent in model_class.__mro__:
        if "__init__" not in vars(parent):
            continue
        parameters = list(inspect.signature(parent.__init__).parameters.values())[1:]  # type: ignore[misc]
        for parameter in parameters:
            if parameter.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
                found.setdefault(parameter.name, parameter)
        if not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
            break
    return found


def valid_parameters(model_class: type[BaseAlgorithm]) -> dict[str, inspect.Parameter]:
    """Return the constructor arguments that are valid in `training.algorithm_parameters`."""
    return {
        name: parameter
        for name, parameter in constructor_arguments(model_class).items()
        if name not in SET_ELSEWHERE and not name.startswith("_")
    }


def check_parameters(model_class: type[BaseAlgorithm], values: Mapping[str, object]) -> list[Problem]:
    """Return the problems in the names and types of algorithm parameters.

    Args:
        model_class: The algorithm whose constructor gets them.
        values: `training.algorithm_parameters` as read from YAML.
    """
    valid = valid_parameters(model_class)
    problems = []
    for name, value in values.items():
        if name in SET_ELSEWHERE:
            problems.append(_set_elsewhere(name, value))
        elif name not in valid:
            problems.append(_unknown(model_class, name, value, valid))
        elif not_finite := list(_not_finite(value, may_be_infinite=name in MAY_BE_INFINITE)):
            problems.append(
                Problem(f"{KEY}.{name}", "must be finite", not_finite[0], remedy="write a number")
            )
        elif name not in BUILT_FROM_YAML:
            problems += _wrong_type(name, value, primitive_types(valid[name].annotation))
    return problems


def check_finite(key: str, value: object, *, may_be_infinite: bool = False) -> list[Problem]:
    """Refuse NaN, and infinity, in a value or in the lists and mappings of it."""
    found = list(_not_finite(value, may_be_infinite=may_be_infinite))
    return [Problem(key, "must be finite", found[0], remedy="write a finite number")] if found else []


def _not_finite(value: object, *, may_be_infinite: bool) -> Iterator[float]:
    """Yield the numbers in a value, or in the lists and mappings of it, that are NaN or infinite."""
    if isinstance(value, float) and not math.isfinite(value) and not (may_be_infinite and value > 0):
        yield value
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for item in items:
        yield from _not_finite(item, may_be_infinite=may_be_infinite)


def _set_elsewhere(name: str, value: object) -> Problem:
    remedy = f"set {SET_ELSEWHERE[name]} instead"
    return Problem(key=f"{KEY}.{name}", message="this argument has its own key", value=value, remedy=remedy)


def _unknown(model_class: type, name: str, value: object, valid: Mapping[str, object]) -> Problem:
    return Problem(
        key=f"{KEY}.{name}",
        message=f"{model_class.__name__} has no parameter of this name",
        value=value,
        valid=sorted(valid),
        nearest=nearest(name, valid),
    )


def primitive_types(hint: object) -> set[type]:
    """Collect the YAML types in a type hint such as `float | Schedule` or `Optional[int]`."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return set().union(*(primitive_types(member) for member in typing.get_args(hint)))
    if typing.get_origin(hint) is dict:
        return {dict}
    return {hint} if hint in PRIMITIVES else set()


def _wrong_type(name: str, value: object, accepted: set[type]) -> list[Problem]:
    if not accepted - {type(None)} or type(value) in accepted or (type(value) is int and float in accepted):
        return []
    names = sorted(
        "null" if accepted_type is type(None) else accepted_type.__name__ for accepted_type in accepted
    )
    return [Problem(key=f"{KEY}.{name}", message=f"must be {' or '.join(names)}", value=value)]
