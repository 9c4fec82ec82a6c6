"""Check of an environment's keyword arguments against the signature of its constructor."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import gymnasium

from rl_pipeline.config.errors import Problem, nearest

KEY = "environment.kwargs"


def unknown_arguments(
    environment_id: str,
    creator: Callable[..., Any],
    kwargs: Mapping[str, object],
    also_valid: Iterable[str] = (),
) -> list[Problem]:
    """List the keyword arguments that an environment does not take.

    Args:
        environment_id: for the messages.
        creator: class of the environment, or function that makes it.
        kwargs: its keyword arguments.
        also_valid: arguments that are handled before the creator is called.
    """
    accepted = accepted_arguments(creator)
    if accepted is None:
        return []
    valid = sorted({*accepted, *also_valid} - {"render_mode"})
    problems = []
    for name, value in kwargs.items():
        key = f"{KEY}.{name}"
        if name == "render_mode":
            problems.append(Problem(key, "is set elsewhere", value, remedy="write environment.render_mode"))
        elif name not in valid:
            message = f"{environment_id} has no argument of this name"
            problems.append(Problem(key, message, value, valid, nearest(name, valid)))
    return problems


def accepted_arguments(creator: Callable[..., Any]) -> set[str] | None:
    """Return the names of the arguments of a class or function; None if it accepts any name.

    A constructor with `**kwargs` is assumed to pass them to the next class of the method resolution order.
    """
    if not inspect.isclass(creator):
        names, takes_more = _parameters(creator)
        return None if takes_more else names
    accepted: set[str] = set()
    for base in creator.__mro__:
        if base in (gymnasium.Env, object):
            return None
        if "__init__" in vars(base):
            names, takes_more = _parameters(vars(base)["__init__"])
            accepted |= names - {"self"}
            if not takes_more:
                return accepted
    return None


def _parameters(function: Callable[..., Any]) -> tuple[set[str], bool]:
    parameters = inspect.signature(function).parameters.values()
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    names = {parameter.name for parameter in parameters if parameter.kind not in variadic}
    return names, any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
