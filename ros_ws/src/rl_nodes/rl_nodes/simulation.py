"""The node `simulation`: serves the environments of a configuration to trainings on the ROS network."""

import sys
from collections.abc import Callable
from pathlib import Path

import rclpy
from gymnasium.vector import VectorEnv
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from rl_nodes import parameters
from rl_nodes.interruption import end_when_unused
from rl_nodes.real_time import RealTime
from rl_nodes.robot_topics import RobotTopics
from rl_pipeline.commands.errors import RefusedError
from rl_pipeline.commands.exit_status import exit_status
from rl_pipeline.config.environment import Environment
from rl_pipeline.config.loading import load_config
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.envs.ros.services.remote_batch import SERVICES
from rl_pipeline.envs.ros.services.server import SimulationServer


class Simulation(Node):
    """Serves the environments of `environment` of a YAML file, and publishes environment 0 as a robot.

    Parameters: `config`, the path of the file; `overrides`, changes to it as `key=value`; `publish_clock`, tell the
    simulated time; `camera_rate`, pictures per simulated second (default 0, none); `real_time`, go on without waiting
    for a client's steps, with `real_time_factor` simulated seconds per second.
    """

    def __init__(self) -> None:
        """Declare the parameters, read the configuration and offer the services.

        Raises:
            ConfigError: The configuration has mistakes.
            ValueError: A parameter has no valid value.
        """
        super().__init__("simulation")
        config, overrides = parameters.text(self, "config"), parameters.texts(self, "overrides")
        publish_clock = bool(self.declare_parameter("publish_clock", False).value)
        camera_rate = float(self.declare_parameter("camera_rate", 0.0).value)
        real_time = bool(self.declare_parameter("real_time", False).value)
        factor = float(self.declare_parameter("real_time_factor", 1.0).value)
        if camera_rate < 0:
            raise ValueError(f"the parameter camera_rate is {camera_rate}; it must be at least 0")
        environment = load_config(Path(config), overrides).config.environment
        topics = RobotTopics(self, publish_clock=publish_clock, camera_rate=camera_rate)
        make = maker(environment, always_render=camera_rate > 0)
        self.robot: VectorEnv | None = None
        if real_time:
            self.robot = make(1, None)
            self.real_time = RealTime(self, self.robot, topics, factor)
        watch = (lambda env, rewards: None) if real_time else topics.publish
        self.server = SimulationServer(environment.id, environment.n_environments, make, watch)
        for name, service_type in SERVICES.items():
            self.create_service(service_type, f"~/{name}", getattr(self.server, name))
        self.get_logger().info(
            f"{environment.id} ({environment.backend}) is served as {self.get_fully_qualified_name()}"
        )

    def close(self) -> None:
        """Close all environments."""
        self.server.close_all()
        if self.robot is not None:
            self.robot.close()


def maker(environment: Environment, *, always_render: bool) -> Callable[[int, str | None], VectorEnv]:
    """Return what makes the environments of a session."""

    def make(n: int, render_mode: str | None) -> VectorEnv:
        return make_vector_env(environment, n_environments=n, render=always_render or render_mode is not None)

    return make


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    sys.exit(exit_status("simulation", lambda: serve(arguments)))


def serve(arguments: list[str] | None) -> None:
    """Serve until SIGTERM, or SIGINT and nobody uses a session any more.

    Raises:
        ConfigError: The configuration has mistakes.
        RefusedError: A parameter has no valid value.
    """
    rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.SIGTERM)
    try:
        node = Simulation()
    except ValueError as error:
        raise RefusedError(str(error)) from error
    end_when_unused(node, node.server.is_used)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        node.close()
        node.destroy_node()
        rclpy.try_shutdown()
