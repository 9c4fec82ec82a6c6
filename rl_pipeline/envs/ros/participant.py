"""Nodes of environments on the ROS network."""

import sys
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.node import Node

from rl_pipeline.envs.ros.run_name import node_name
from rl_pipeline.ros_namespace import namespace_of


def join_network(purpose: str, **options: Any) -> Node:
    """Make a node in a separate context, which differs from that of the node of this process, if there is one.

    It is in the namespace of that node (`--ros-args -r __ns:=/left`), but has its own name.

    Args:
        purpose: Its purpose, as a part of its name, which begins with that of the run.
        options: Further arguments of `rclpy.create_node`.
    """
    context = Context()
    rclpy.init(args=[], context=context)
    return rclpy.create_node(
        node_name(purpose),
        context=context,
        namespace=namespace_of(sys.argv),
        use_global_arguments=False,
        start_parameter_services=False,
        enable_rosout=False,  # log messages go through Python's logging
        **options,
    )


def leave_network(node: Node) -> None:
    """End a node of `join_network`; a second call does nothing."""
    if node.context.ok():
        node.destroy_node()
        rclpy.shutdown(context=node.context)
