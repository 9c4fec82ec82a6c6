"""Checks of the arguments of a grasping task."""

from collections.abc import Sequence

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.envs.mujoco.grasping.grippers import Gripper
from rl_pipeline.envs.mujoco.grasping.objects import MESH


def check_arguments(
    gripper: Gripper,
    objects: Sequence[str],
    n_eigengrasps: int | None,
    object_size_multiplier: float,
    object_size_range: float,
    start_grasped: float,
    start_above: float,
) -> None:
    """Check the arguments of `Grasp` for a gripper and its objects.

    Raises:
        ConfigError: Some are out of range or do not go together.
    """
    available = 0 if gripper.eigengrasps is None else len(gripper.eigengrasps.components)
    problems: list[Problem] = []

    def refuse(name: str, value: object, message: str, remedy: str | None = None) -> None:
        problems.append(Problem(f"environment.kwargs.{name}", message, value, remedy=remedy))

    if n_eigengrasps is not None and not 1 <= n_eigengrasps <= available:
        refuse("n_eigengrasps", n_eigengrasps, f"{gripper.name} has {available} eigengrasps")
    if object_size_multiplier <= 0:
        refuse("object_size_multiplier", object_size_multiplier, "must be greater than 0")
    if object_size_range < 0:
        refuse("object_size_range", object_size_range, "must not be negative")
    elif object_size_range and MESH in objects:
        message = "the size of a mesh cannot vary between episodes"
        refuse("object_size_range", object_size_range, message, "use object_size_multiplier")
    for name, share in (("start_grasped", start_grasped), ("start_above", start_above)):
        if not 0 <= share <= 1:
            refuse(name, share, "must be between 0 and 1")
    if start_grasped + start_above > 1:
        refuse("start_above", start_above, f"is more than start_grasped ({start_grasped}) leaves of 1")
    if start_grasped and object_size_range:
        message = "cannot be combined with object_size_range"
        refuse("start_grasped", start_grasped, message, "leave out one of them")
    if problems:
        raise ConfigError(problems)
