"""Environments behind ROS 2; only this package and the nodes of ros_ws import rclpy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.ros_services import RosServices

if TYPE_CHECKING:
    from gymnasium.vector import VectorEnv


def make_ros_vector_env(environment: Environment, n: int, render_mode: str | None) -> "VectorEnv":
    """Make environments in the simulations that `environment.ros` names.

    Raises:
        ConfigError: ROS or the workspace is not available, or a simulation serves another environment.
        SimulationMissingError: A simulation is not on the network.
    """
    settings = environment.ros or RosServices()
    with ros_needed("environment.backend", "ros"):
        from rl_pipeline.envs.ros.foreign import make_foreign_vector_env
        from rl_pipeline.envs.ros.services import make_service_vector_env
    if settings.adapter is not None:
        return make_foreign_vector_env(settings.adapter, settings, n, environment.kwargs)
    return make_service_vector_env(environment.id, settings, n, render_mode)


def make_ros_topics_vector_env(environment: Environment, n: int, render_mode: str | None) -> "VectorEnv":
    """Make environments of the robots that `environment.ros_topics` describes.

    Raises:
        ConfigError: ROS is not available, or the description does not fit the robots.
        SimulationError: A topic or service is missing or silent.
    """
    if environment.ros_topics is None:
        remedy = "describe the robot: observations, actions, rate and task"
        raise ConfigError([Problem("environment.ros_topics", "is missing", remedy=remedy)])
    with ros_needed("environment.backend", "ros_topics"):
        from rl_pipeline.envs.ros.topics.robots import make_topics_vector_env
    return make_topics_vector_env(environment.ros_topics, n, environment.kwargs)


@contextmanager
def ros_needed(key: str, value: object) -> Iterator[None]:
    """Refuse a value of the configuration if its imports of ROS fail in the block."""
    try:
        yield
    except ImportError as error:
        remedy = "run `source ros_ws/activate.bash` in this shell, or start with `bash launch_node.bash`"
        message = f"ROS 2 or the built workspace was not found ({error})"
        raise ConfigError([Problem(key, message, value, remedy=remedy)]) from error
