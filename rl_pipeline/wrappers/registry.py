"""Names that a YAML file may give to wrappers, and the check of their arguments."""

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gymnasium.vector import VectorWrapper

from rl_pipeline.class_path import find_class
from rl_pipeline.config.errors import Problem, nearest
from rl_pipeline.wrappers.action_history import ActionHistory
from rl_pipeline.wrappers.action_noise import ActionNoise
from rl_pipeline.wrappers.frame_stack import FrameStack
from rl_pipeline.wrappers.observation_noise import ObservationNoise
from rl_pipeline.wrappers.time_limit import TimeLimit

if TYPE_CHECKING:
    from rl_pipeline.config.environment import WrapperSpec

WRAPPERS: dict[str, type[VectorWrapper]] = {
    "action_history": ActionHistory,
    "action_noise": ActionNoise,
    "frame_stack": FrameStack,
    "observation_noise": ObservationNoise,
    "time_limit": TimeLimit,
}


def resolve_wrapper(name: str, key: str = "environment.wrappers") -> type[VectorWrapper] | Problem:
    """Find a wrapper by its registered name or its class path.

    Args:
        name: A key of `WRAPPERS`, `package.module:Class` or `path/to/file.py:Class`.
        key: Where the name stands in the configuration, for the message.

    Returns:
        The class, or the problem that a user should read.
    """
    return find_class(name, WRAPPERS, VectorWrapper, key)


def check_wrappers(wrappers: "Iterable[WrapperSpec]") -> list[Problem]:
    """List what is wrong with the names of wrappers and of their arguments.

    Args:
        wrappers: The list `environment.wrappers`.
    """
    problems: list[Problem] = []
    for index, wrapper in enumerate(wrappers):
        key = f"environment.wrappers.{index}"
        wrapper_class = resolve_wrapper(wrapper.name, key)
        if isinstance(wrapper_class, Problem):
            problems.append(wrapper_class)
        else:
            problems += _check_arguments(wrapper_class, wrapper, f"{key}.{wrapper.name}")
    return problems


def _check_arguments(wrapper_class: type, wrapper: "WrapperSpec", key: str) -> list[Problem]:
    _, *parameters = inspect.signature(wrapper_class).parameters.values()  # the first one is the environment
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    named = {p.name: p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    unknown = [
        Problem(
            f"{key}.{name}",
            f"{wrapper_class.__name__} has no argument of this name",
            value,
            valid=sorted(named),
            nearest=nearest(name, named),
        )
        for name, value in wrapper.arguments.items()
        if name not in named and not takes_any
    ]
    missing = [
        Problem(
            key, f"{wrapper_class.__name__} needs the argument {name}", remedy=f"add `{name}:` below its name"
        )
        for name, parameter in named.items()
        if parameter.default is parameter.empty and name not in wrapper.arguments
    ]
    return unknown + missing
