"""`rl-pipeline operate`: activate and deactivate a policy node, or reset it after a stop."""

import argparse

from rl_pipeline.commands.ros_node import exec_node, parameter_arguments

NAME = "operate"
HELP = "activate, deactivate or reset a policy node, or print its state"
ACTIONS = ("state", "configure", "activate", "deactivate", "reset", "cleanup")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        "action", choices=ACTIONS, help="the action; `reset` allows a stopped policy to act again"
    )
    parser.add_argument("--node", default="/policy", help="full name of the node (default /policy)")


def run(options: argparse.Namespace) -> None:
    """Replace this process by the node that calls the services.

    Raises:
        RefusedError: ROS 2 is not available.
    """
    exec_node("operate", parameter_arguments({"action": options.action, "node": options.node}))
