"""Starts the endpoint, under the name of Unity's launch file: the same as `ros2 launch rl_nodes unity.launch.py`."""

from launch import LaunchDescription
from rl_nodes import launch_plans
from rl_nodes.launch_description import describe


def generate_launch_description() -> LaunchDescription:
    """Return what `ros2 launch` starts."""
    return describe(launch_plans.UNITY)
