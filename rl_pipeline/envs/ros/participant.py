"""Nodes through which environments take part in the ROS network."""

import sys
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.node import Node

from rl_pipeline.envs.ros.run_name import node_name
from rl_pipeline.ros_namespace import namespace_of


def join_network(purpose: str, **options: Any) -> Node:
    """Make a node in a context of its own, which is not that of a node whose process this may be.

    It is in the namespace of that node (`--ros-args -r __ns:=/left`), but has a name of its own.

    Args:
        purpose: What it is for; its name begins with that of the run.
        options: More for `rclpy.create_node`.
    """
    context = Context()
    rclpy.init(args=[], context=context)
    return rclpy.create_node(
        node_name(purpose),
        context=context,
        namespace=namespace_of(sys.argv),
        use_global_arguments=False,
        start_parameter_services=False,
        enable_rosout=False,  # what is logged goes through Python's logging
        **options,
    )


def leave_network(node: Node) -> None:
    """End a node that `join_network` made; a second time does nothing."""
    if node.context.ok():
        node.destroy_node()
        rclpy.shutdown(context=node.context)
