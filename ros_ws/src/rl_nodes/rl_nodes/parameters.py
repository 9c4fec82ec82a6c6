"""Parameters of nodes."""

from rclpy.node import Node
from rclpy.parameter import Parameter


def text(node: Node, name: str) -> str:
    """Declare a parameter that is a text, empty by default, and return its value."""
    return str(node.declare_parameter(name, "").value)


def texts(node: Node, name: str) -> list[str]:
    """Declare a parameter that is a list of texts, empty by default, and return its value."""
    # An empty list has no type that could be inferred.
    value = node.declare_parameter(name, Parameter.Type.STRING_ARRAY).value
    return list(value or [])


def natural(node: Node, name: str) -> int | None:
    """Declare a parameter that is a whole number from 0; -1, the default, stands for None.

    Raises:
        ValueError: It is below -1.
    """
    value = int(node.declare_parameter(name, -1).value)
    if value < -1:
        raise ValueError(f"the parameter {name} is {value}; it must be at least 0, or -1 for the default")
    return None if value == -1 else value


def run_name(node: Node) -> str:
    """Declare the parameter `run` and return its value.

    Raises:
        ValueError: It is empty.
    """
    name = text(node, "run")
    if not name:
        raise ValueError("the parameter run is empty; `rl-pipeline list runs` lists what it may name")
    return name
