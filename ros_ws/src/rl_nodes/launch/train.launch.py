"""Launch file for simulations and a trainer that uses them."""

from launch import LaunchDescription
from rl_nodes import launch_plans
from rl_nodes.launch_description import describe


def generate_launch_description() -> LaunchDescription:
    """Return what `ros2 launch` starts."""
    return describe(launch_plans.TRAIN)
