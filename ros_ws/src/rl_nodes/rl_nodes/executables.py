"""Entry points of the nodes' executables."""

import signal
from importlib import import_module


def evaluate() -> None:
    """Run the node `evaluate`."""
    _main("evaluate")


def operate() -> None:
    """Run the node `operate`."""
    _main("operate")


def play() -> None:
    """Run the node `play`."""
    _main("play")


def policy() -> None:
    """Run the node `policy`."""
    _main("policy")


def simulation() -> None:
    """Run the node `simulation`."""
    _main("simulation")


def train() -> None:
    """Run the node `train`."""
    _main("train")


def _main(node: str) -> None:
    """Import a node's module, which takes seconds, and run it; SIGINT during the import ends the process quietly."""
    python_handler = signal.getsignal(signal.SIGINT)
    if python_handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    module = import_module(f"rl_nodes.{node}")
    signal.signal(signal.SIGINT, python_handler)
    module.main()
