"""Names of wrappers in YAML files, and the check of their arguments."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gymnasium.vector import VectorWrapper

from rl_pipeline.class_path import check_arguments, find_class
from rl_pipeline.config.errors import Problem
from rl_pipeline.wrappers.action_history import ActionHistory
from rl_pipeline.wrappers.action_noise import ActionNoise
from rl_pipeline.wrappers.frame_stack import FrameStack
from rl_pipeline.wrappers.observation_noise import ObservationNoise
from rl_pipeline.wrappers.select_observations import SelectObservations
from rl_pipeline.wrappers.time_limit import TimeLimit

if TYPE_CHECKING:
    from rl_pipeline.config.class_spec import ClassSpec

WRAPPERS: dict[str, type[VectorWrapper]] = {
    "action_history": ActionHistory,
    "action_noise": ActionNoise,
    "frame_stack": FrameStack,
    "observation_noise": ObservationNoise,
    "select_observations": SelectObservations,
    "time_limit": TimeLimit,
}


def resolve_wrapper(name: str, key: str = "environment.wrappers") -> type[VectorWrapper] | Problem:
    """Find a wrapper by its registered name or its class path.

    Args:
        name: A key of `WRAPPERS`, `package.module:Class` or `path/to/file.py:Class`.
        key: Configuration key of the name, for the message.

    Returns:
        The class, or the problem to report to the user.
    """
    return find_class(name, WRAPPERS, VectorWrapper, key)


def check_wrappers(wrappers: "Iterable[ClassSpec]") -> list[Problem]:
    """Return the problems in the names of wrappers and of their arguments.

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
            problems += check_arguments(wrapper_class, wrapper.arguments, f"{key}.{wrapper.name}", n_given=1)
    return problems
