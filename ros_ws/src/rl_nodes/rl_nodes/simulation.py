"""The node `simulation`: serves the environments of a configuration to trainings on the ROS network."""

import sys
from collections.abc import Callable
from pathlib import Path

import rclpy
from gymnasium.vector import VectorEnv
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rl_interfaces import srv

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.loading import load_config
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.envs.ros.services.server import SimulationServer

REFUSED = 2


class Simulation(Node):
    """Serves the environments of `environment` of a YAML file.

    Parameters: `config`, the path of the file; `overrides`, changes to it as `key=value`.
    """

    def __init__(self) -> None:
        """Declare the parameters, read the configuration and offer the services.

        Raises:
            ConfigError: The configuration has mistakes.
        """
        super().__init__("simulation")
        config = self.declare_parameter("config", "").value
        overrides = self.declare_parameter("overrides", [""]).value
        environment = load_config(Path(config), [text for text in overrides if text]).config.environment
        self.server = SimulationServer(environment.id, environment.n_environments, maker(environment))
        for name, service_type in (
            ("open", srv.Open),
            ("close", srv.Close),
            ("reset", srv.Reset),
            ("step", srv.Step),
            ("render", srv.Render),
            ("save_state", srv.SaveState),
            ("load_state", srv.LoadState),
        ):
            self.create_service(service_type, f"~/{name}", getattr(self.server, name))
        self.get_logger().info(
            f"{environment.id} ({environment.backend}) is served as {self.get_fully_qualified_name()}"
        )


def maker(environment: Environment) -> Callable[[int, str | None], VectorEnv]:
    """Return what makes the environments of a session."""

    def make(n: int, render_mode: str | None) -> VectorEnv:
        return make_vector_env(environment, n_environments=n, render=render_mode is not None)

    return make


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    rclpy.init(args=arguments)
    try:
        node = Simulation()
    except ConfigError as error:
        print(error, file=sys.stderr)
        rclpy.try_shutdown()
        sys.exit(REFUSED)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        node.server.close_all()
        node.destroy_node()
        rclpy.try_shutdown()
