"""Environments in Unity programs that connect to the training over ROS-TCP (`backend: unity_ros`)."""

from typing import TYPE_CHECKING

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.unity_ros import UnityRos

if TYPE_CHECKING:
    from rl_pipeline.envs.unity_ros.vector_env import UnityRosVectorEnv


def make_unity_ros_vector_env(
    environment: Environment, n: int, render_mode: str | None
) -> "UnityRosVectorEnv":
    """Make environments in the Unity programs that `environment.unity_ros` describes.

    Raises:
        ConfigError: The build does not exist, a port is in use, or a program has other environments.
        SimulationMissingError: A program did not connect in time.
    """
    from rl_pipeline.envs.unity_ros.vector_env import UnityRosVectorEnv

    settings = environment.unity_ros or UnityRos()
    # An evaluation may need fewer environments than the training has instances.
    settings = settings.model_copy(update={"n_instances": min(settings.n_instances, n)})
    return UnityRosVectorEnv(environment.id, settings, n, render_mode)
