"""Checks of the arguments of a grasping task."""

from typing import TYPE_CHECKING

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.envs.mujoco.grasping.objects import MESH

if TYPE_CHECKING:
    from rl_pipeline.envs.mujoco.grasping.task import Grasp


def check_arguments(task: "Grasp") -> None:
    """Check the arguments of a grasping task for its gripper and its objects.

    Raises:
        ConfigError: Some are out of range or do not go together.
    """
    gripper, n_eigengrasps, size_range = task.gripper, task.n_eigengrasps, task.object_size_range
    available = 0 if gripper.eigengrasps is None else len(gripper.eigengrasps.components)
    problems: list[Problem] = []

    def refuse(name: str, message: str, remedy: str | None = None) -> None:
        problems.append(Problem(f"environment.kwargs.{name}", message, getattr(task, name), remedy=remedy))

    if n_eigengrasps is not None and not 1 <= n_eigengrasps <= available:
        refuse("n_eigengrasps", f"{gripper.name} has {available} eigengrasps")
    if task.object_size_multiplier <= 0:
        refuse("object_size_multiplier", "must be greater than 0")
    if size_range < 0:
        refuse("object_size_range", "must not be negative")
    elif size_range and MESH in task.objects:
        message = "the size of a mesh cannot vary between episodes"
        refuse("object_size_range", message, "use object_size_multiplier")
    for name in ("start_grasped", "start_above"):
        if not 0 <= getattr(task, name) <= 1:
            refuse(name, "must be between 0 and 1")
    if task.start_grasped + task.start_above > 1:
        refuse("start_above", f"is more than start_grasped ({task.start_grasped}) leaves of 1")
    if task.start_grasped and size_range:
        refuse("start_grasped", "cannot be combined with object_size_range", "leave out one of them")
    if problems:
        raise ConfigError(problems)
