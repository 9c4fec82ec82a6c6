"""Vector environments served and used over ROS services (`backend: ros`)."""

import logging

from rl_pipeline.config.ros_services import RosServices
from rl_pipeline.envs.ros.services.vector_env import RosVectorEnv

logger = logging.getLogger(__name__)


def make_service_vector_env(
    environment_id: str, settings: RosServices, n: int, render_mode: str | None
) -> RosVectorEnv:
    """Make environments in simulations of our node `simulation`.

    Evaluations and films have few environments. If there are fewer environments than simulations, the first
    simulations are used.

    Raises:
        ConfigError: A simulation serves another environment.
        SimulationMissingError: A simulation is not on the network.
    """
    if n < len(settings.simulations):
        logger.info("%d of %d simulations are used, one for each environment", n, len(settings.simulations))
        settings = settings.model_copy(update={"simulations": settings.simulations[:n]})
    return RosVectorEnv(environment_id, settings, n, render_mode)
