"""The node `simulation`: serves the environments of a configuration to trainings on the ROS network."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import rclpy
from gymnasium.vector import VectorEnv
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from rl_nodes import parameters
from rl_nodes.batch_services import BatchServices
from rl_nodes.interruption import Interruption
from rl_nodes.real_time import RealTime
from rl_nodes.robot_topics import RobotTopics
from rl_nodes.start import start_node, start_ros
from rl_pipeline.commands.exit_status import exit_status
from rl_pipeline.config.environment import Environment
from rl_pipeline.config.loading import load_config
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.envs.ros.services.remote_batch import SERVICES
from rl_pipeline.envs.ros.services.server import SimulationServer
from rl_pipeline.envs.ros.spinning import SpinningThread, spin


class Simulation(Node):
    """Serves the environments of `environment` of a YAML file, and publishes environment 0 as a robot.

    Parameters: `config`, the path of the file; `overrides`, changes to it as `key=value`; `publish_clock`, publish
    the simulated time; `camera_rate`, pictures per simulated second (default 0, none); `real_time`, run without
    waiting for a client's steps, with `real_time_factor` simulated seconds per second; `lockstep`, make one step for
    each action on `~/action`; `seed`, the seed of the episodes of these two.
    """

    def __init__(self) -> None:
        """Declare the parameters, read the configuration and offer the services.

        Raises:
            ConfigError: The configuration is refused.
            ValueError: The value of a parameter is not valid.
        """
        super().__init__("simulation")
        config, overrides = parameters.text(self, "config"), parameters.texts(self, "overrides")
        publish_clock = parameters.flag(self, "publish_clock")
        camera_rate = parameters.number(self, "camera_rate", 0.0)
        real_time = parameters.flag(self, "real_time")
        factor = parameters.number(self, "real_time_factor", 1.0)
        lockstep = parameters.flag(self, "lockstep")
        seed = parameters.natural(self, "seed")
        if real_time and lockstep:
            raise ValueError("the parameters real_time and lockstep are both true; choose one")
        if camera_rate < 0:
            raise ValueError(f"the parameter camera_rate is {camera_rate}; it must be at least 0")
        environment = load_config(Path(config), overrides).config.environment
        topics = RobotTopics(self, publish_clock=publish_clock, camera_rate=camera_rate)
        make = maker(environment, always_render=camera_rate > 0)
        self.robot = make(1, None) if real_time or lockstep else None
        self.server = SimulationServer(environment.id, environment.n_environments, make, topics.publish)
        if self.robot is not None:
            self.real_time = RealTime(self, self.robot, topics, None if lockstep else factor, seed)
            how = "with each action" if lockstep else "by itself"
            self.get_logger().info(f"{environment.id} ({environment.backend}) runs {how}")
        else:
            self.batch_services = BatchServices(self, SERVICES, self.server)
            name = self.get_fully_qualified_name()
            self.get_logger().info(f"{environment.id} ({environment.backend}) is served as {name}")

    def serve(self) -> None:
        """Serve until SIGTERM, or until SIGINT and no session is in use."""
        if self.robot is not None:
            executor = SingleThreadedExecutor()
            executor.add_node(self)
            spin(executor)
            return
        interruption = Interruption(self, self.is_used)
        with spinning(self):
            self.batch_services.serve(interruption.is_over)

    def is_used(self, seconds: float) -> bool:
        """Whether a living client has used a session in the last given seconds."""
        return self.server.is_used(seconds) and self.batch_services.has_clients()

    def close(self) -> None:
        """Close all environments."""
        self.server.close_all()
        if self.robot is not None:
            self.robot.close()


@contextmanager
def spinning(node: Node) -> Iterator[None]:
    """Run the other parts of a node besides its batch services, such as its parameters, in another thread."""
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    thread = SpinningThread(executor)
    try:
        yield
    finally:
        thread.close()


def maker(environment: Environment, *, always_render: bool) -> Callable[[int, str | None], VectorEnv]:
    """Return the function that makes the environments of a session."""

    def make(n: int, render_mode: str | None) -> VectorEnv:
        return make_vector_env(environment, n_environments=n, render=always_render or render_mode is not None)

    return make


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    sys.exit(exit_status("simulation", lambda: serve(arguments)))


def serve(arguments: list[str] | None) -> None:
    """Make the node and serve.

    Raises:
        ConfigError: The configuration is refused.
        RefusedError: ROS refuses the command line, or the node refuses a parameter.
    """
    start_ros(arguments, SignalHandlerOptions.SIGTERM)
    node = start_node(Simulation)
    try:
        node.serve()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        node.close()
        node.destroy_node()
        rclpy.try_shutdown()
