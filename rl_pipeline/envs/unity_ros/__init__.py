"""Environments in Unity programs that connect to the training over ROS-TCP (`backend: unity_ros`)."""

from typing import TYPE_CHECKING

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.unity_ros import UnityRos

if TYPE_CHECKING:
    from rl_pipeline.envs.unity_ros.vector_env import UnityRosVectorEnv


def make_unity_ros_vector_env(
    environment: Environment, n: int, render_mode: str | None
) -> "UnityRosVectorEnv":
    """Make environments in the Unity programs that `environment.unity_ros` describes.

    Raises:
        ConfigError: There is no such build, there are fewer environments than programs, a port is taken, or a
            program has other environments.
        SimulationMissingError: A program did not connect in time.
    """
    from rl_pipeline.envs.unity_ros.vector_env import UnityRosVectorEnv

    settings = environment.unity_ros or UnityRos()
    if n < settings.n_instances:
        message = f"{settings.n_instances} programs cannot share {n} environments"
        remedy = f"write at most {n}, or raise environment.n_environments"
        raise ConfigError([Problem("environment.unity_ros.n_instances", message, remedy=remedy)])
    return UnityRosVectorEnv(environment.id, settings, n, render_mode)
