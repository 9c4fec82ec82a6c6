"""Vector environments served and used over ROS services (`backend: ros`)."""

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.ros_services import RosServices
from rl_pipeline.envs.ros.services.vector_env import RosVectorEnv


def make_service_vector_env(
    environment_id: str, settings: RosServices, n: int, render_mode: str | None
) -> RosVectorEnv:
    """Make environments in simulations that our node `simulation` runs.

    Raises:
        ConfigError: There are fewer environments than simulations, or a simulation serves something else.
        SimulationMissingError: A simulation is not on the network.
    """
    if n < len(settings.simulations):
        message = f"{len(settings.simulations)} simulations cannot share {n} environments"
        remedy = f"name at most {n}, or raise environment.n_environments"
        raise ConfigError([Problem("environment.ros.simulations", message, remedy=remedy)])
    return RosVectorEnv(environment_id, settings, n, render_mode)
