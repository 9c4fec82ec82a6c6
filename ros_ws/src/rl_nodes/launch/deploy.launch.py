"""Launch file for a policy node, which controls a robot with an exported policy."""

from launch import LaunchDescription
from rl_nodes import launch_plans
from rl_nodes.launch_description import describe


def generate_launch_description() -> LaunchDescription:
    """Return what `ros2 launch` starts."""
    return describe(launch_plans.DEPLOY)
