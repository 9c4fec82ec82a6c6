"""Parameters of nodes. They are read once, at the start, so they are declared read-only."""

from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

READ_ONLY = ParameterDescriptor(read_only=True)


def text(node: Node, name: str, default: str = "") -> str:
    """Declare a parameter that is a text, and return its value."""
    return str(_declare(node, name, default))


def texts(node: Node, name: str, default: list[str] | None = None) -> list[str]:
    """Declare a parameter that is a list of texts, empty by default, and return its value."""
    # An empty list has no type that could be inferred.
    return list(_declare(node, name, default or Parameter.Type.STRING_ARRAY) or [])


def flag(node: Node, name: str) -> bool:
    """Declare a parameter that is true or false, false by default, and return its value."""
    return bool(_declare(node, name, False))


def number(node: Node, name: str, default: float) -> float:
    """Declare a parameter that is a number with a decimal point, and return its value."""
    return float(_declare(node, name, default))


def integer(node: Node, name: str, default: int) -> int:
    """Declare a parameter that is an integer, and return its value."""
    return int(_declare(node, name, default))


def natural(node: Node, name: str) -> int | None:
    """Declare a parameter that is a non-negative integer; -1, the default, means None.

    Raises:
        ValueError: The value is below -1.
    """
    value = integer(node, name, -1)
    if value < -1:
        raise ValueError(f"the parameter {name} is {value}; it must be at least 0, or -1 for the default")
    return None if value == -1 else value


def run_name(node: Node) -> str:
    """Declare the parameter `run` and return its value.

    Raises:
        ValueError: The value is empty.
    """
    name = text(node, "run")
    if not name:
        raise ValueError("the parameter run is empty; set it to one of the runs of `rl-pipeline list runs`")
    return name


def _declare(node: Node, name: str, default: object) -> Any:
    return node.declare_parameter(name, default, READ_ONLY).value
