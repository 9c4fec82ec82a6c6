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
    """A node that uses a run.

    Parameter: `trust_code`, execute the code and programs of a downloaded run, like `--trust-code`.
    """

    def __init__(self, name: str) -> None:
        """Declare the parameter."""
        super().__init__(name)
        self.trust_code = bool(self.declare_parameter("trust_code", False).value)


NodeT = TypeVar("NodeT", bound=RunNode)


def run(
    make_node: Callable[[], NodeT], work: Callable[[NodeT], int | None], arguments: list[str] | None
) -> None:
    """Make a node, run its work, and end the process with the exit status of the corresponding command.

    Args:
        make_node: Makes the node; a ValueError means a refused parameter.
        work: Function of the main thread, which also handles signals.
        arguments: The command line; by default, that of this process.
    """
    log_to_terminal()

    def serve() -> int | None:
        with spinning(make_node, arguments) as node, logged_to_rosout(node), trusting_code(node.trust_code):
            return work(node)

    sys.exit(exit_status(make_node.__name__, serve))
