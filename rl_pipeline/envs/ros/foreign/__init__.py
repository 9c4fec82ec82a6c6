"""Simulations with their own services for step and reset (`backend: ros` with `ros.adapter`)."""

from collections.abc import Mapping

from rl_pipeline.class_path import resolve_class
from rl_pipeline.config.ros_services import RosServices
from rl_pipeline.envs.ros.foreign.adapter import ServiceAdapter, Transition
from rl_pipeline.envs.ros.foreign.robots import ServiceRobots
from rl_pipeline.envs.ros.robots import RobotVectorEnv

__all__ = ["ServiceAdapter", "Transition", "make_foreign_vector_env"]

KEY = "environment.ros"


def make_foreign_vector_env(
    adapter_path: str, settings: RosServices, n: int, arguments: Mapping[str, object]
) -> RobotVectorEnv:
    """Make environments behind the services that an adapter names.

    Args:
        adapter_path: `path/to/file.py:Class` or `package.module:Class` of a `ServiceAdapter`.
        settings: Timeouts.
        n: Number of environments.
        arguments: Keyword arguments of the class.

    Raises:
        ConfigError: The class does not exist.
        SimulationMissingError: A service is not on the network.
    """
    adapter_class = resolve_class(adapter_path, ServiceAdapter, f"{KEY}.adapter")  # type: ignore[type-abstract]
    adapters = [adapter_class(**arguments) for _ in range(n)]
    robots = ServiceRobots(adapters, settings)
    return RobotVectorEnv(robots, adapters[0].max_episode_steps, settings.max_restarts, KEY)
