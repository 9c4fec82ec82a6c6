"""Tasks by environment id."""

from rl_pipeline.class_path import is_class_path, resolve_class
from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.envs.mujoco.grasping.ids import GRASPING_TASKS
from rl_pipeline.envs.mujoco.task import Task

_FETCH = "rl_pipeline.envs.mujoco.fetch.environments"
_GYMNASIUM = "rl_pipeline.envs.mujoco.gymnasium_tasks"

TASKS = {
    "Ant-v5": f"{_GYMNASIUM}.ant:Ant",
    "Balancer-v0": "rl_pipeline.envs.mujoco.robots.balancer:Balancer",
    "FetchPickAndPlace-v4": f"{_FETCH}:FetchPickAndPlace",
    "FetchPickAndPlaceDense-v4": f"{_FETCH}:FetchPickAndPlaceDense",
    "FetchPush-v4": f"{_FETCH}:FetchPush",
    "FetchPushDense-v4": f"{_FETCH}:FetchPushDense",
    "FetchReach-v4": f"{_FETCH}:FetchReach",
    "FetchReachDense-v4": f"{_FETCH}:FetchReachDense",
    "FetchSlide-v4": f"{_FETCH}:FetchSlide",
    "FetchSlideDense-v4": f"{_FETCH}:FetchSlideDense",
    "HalfCheetah-v5": f"{_GYMNASIUM}.half_cheetah:HalfCheetah",
    "HalfCheetahSpeed-v0": "rl_pipeline.envs.mujoco.tasks.target_speed:TargetSpeed",
    "Hopper-v5": f"{_GYMNASIUM}.planar_walkers:Hopper",
    "Humanoid-v5": f"{_GYMNASIUM}.humanoid:Humanoid",
    "HumanoidStandup-v5": f"{_GYMNASIUM}.humanoid:HumanoidStandup",
    "InvertedDoublePendulum-v5": f"{_GYMNASIUM}.pendulums:InvertedDoublePendulum",
    "InvertedPendulum-v5": f"{_GYMNASIUM}.pendulums:InvertedPendulum",
    "MotionImitation-v0": "rl_pipeline.envs.mujoco.tasks.motion:MotionImitation",
    "Pusher-v5": f"{_GYMNASIUM}.manipulators:Pusher",
    "Reacher-v5": f"{_GYMNASIUM}.manipulators:Reacher",
    "Swimmer-v5": f"{_GYMNASIUM}.swimmer:Swimmer",
    "Walker2d-v5": f"{_GYMNASIUM}.planar_walkers:Walker2d",
    **{f"{name}-v0": f"{task.__module__}:{name}" for name, task in GRASPING_TASKS.items()},
}
"""Class paths of the tasks that have an id."""


def task_class(environment_id: str) -> type[Task]:
    """Return the class of a task.

    Args:
        environment_id: A registered id, `package.module:Class` or `path/to/file.py:Class`.

    Raises:
        ConfigError: The task does not exist.
    """
    class_path = TASKS.get(environment_id, environment_id)
    if not is_class_path(class_path):
        raise ConfigError(
            [
                Problem(
                    "environment.id",
                    "the backend mujoco has no task of this name",
                    environment_id,
                    sorted(TASKS),
                    nearest(environment_id, TASKS),
                    "set environment.backend: gymnasium for other environments, "
                    "or name your own task as path/to/file.py:Class",
                )
            ]
        )
    return resolve_class(class_path, Task, "environment.id")
