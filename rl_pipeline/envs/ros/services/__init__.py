"""Vector environments served and used over ROS services (`backend: ros`)."""

from typing import TYPE_CHECKING

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.ros_services import RosServices

if TYPE_CHECKING:
    from rl_pipeline.envs.ros.services.vector_env import RosVectorEnv


def make_ros_vector_env(environment: Environment, n: int, render_mode: str | None) -> "RosVectorEnv":
    """Make environments in the simulations that `environment.ros` names.

    Raises:
        ConfigError: ROS or the workspace is not there, there are fewer environments than simulations, or a
            simulation serves something else.
        SimulationMissingError: A simulation is not on the network.
    """
    settings = environment.ros or RosServices()
    if n < len(settings.simulations):
        message = f"{len(settings.simulations)} simulations cannot share {n} environments"
        remedy = f"name at most {n}, or raise environment.n_environments"
        raise ConfigError([Problem("environment.ros.simulations", message, remedy=remedy)])
    try:
        from rl_pipeline.envs.ros.services.vector_env import RosVectorEnv
    except ImportError as error:
        remedy = "`source ros_ws/activate.bash` gives a shell both; `bash launch_node.bash` does it itself"
        message = f"ROS 2 or the built workspace is not there ({error})"
        raise ConfigError([Problem("environment.backend", message, "ros", remedy=remedy)]) from error
    return RosVectorEnv(environment.id, settings, n, render_mode)
