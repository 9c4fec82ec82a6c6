"""The process of a node whose main thread works while its callbacks run in others."""

import sys
from collections.abc import Callable
from typing import TypeVar

from rclpy.node import Node

from rl_nodes.rosout import logged_to_rosout
from rl_nodes.start import spinning
from rl_pipeline.commands.exit_status import exit_status, log_to_terminal
from rl_pipeline.run.trust import trusting_code


class RunNode(Node):
    """A node that works with a run.

    Parameter: `trust_code`, execute the code and programs of a downloaded run, as `--trust-code` does.
    """

    def __init__(self, name: str) -> None:
        """Declare the parameter."""
        super().__init__(name)
        self.trust_code = bool(self.declare_parameter("trust_code", False).value)


NodeT = TypeVar("NodeT", bound=RunNode)


def run(
    make_node: Callable[[], NodeT], work: Callable[[NodeT], int | None], arguments: list[str] | None
) -> None:
    """Make a node, work, and end the process with the exit status that the command line would have.

    Args:
        make_node: Makes the node; a ValueError is a refused parameter.
        work: What the main thread does, signals included.
        arguments: The command line; that of this process by default.
    """
    log_to_terminal()

    def serve() -> int | None:
        with spinning(make_node, arguments) as node, logged_to_rosout(node), trusting_code(node.trust_code):
            return work(node)

    sys.exit(exit_status(make_node.__name__, serve))
