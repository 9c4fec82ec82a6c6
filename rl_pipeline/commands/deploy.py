"""`rl-pipeline deploy`: start the ROS node in which a policy controls a robot."""

import argparse
from pathlib import Path

from rl_pipeline.commands.ros_node import exec_node, parameter_arguments
from rl_pipeline.commands.run_arguments import RUN_HELP, add_trust
from rl_pipeline.errors import RefusedError
from rl_pipeline.ros_namespace import absolute

NAME = "deploy"
HELP = "control a robot with an exported policy over ROS 2"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        "policy", metavar="RUN|POLICY.onnx", help=f"{RUN_HELP}; or a file of `rl-pipeline export`"
    )
    parser.add_argument(
        "--config", type=Path, required=True, metavar="ROBOT.yaml", help="a file with the section deploy"
    )
    parser.add_argument(
        "--activate", action="store_true", help="activate the node at once, without an operator"
    )
    parser.add_argument(
        "--shadow", action="store_true", help="send no commands, even if the file enables them"
    )
    parser.add_argument("--name", default="policy", help="name of the node (default policy)")
    parser.add_argument("--namespace", default="", help="namespace of the node, such as /left")
    add_trust(parser)


def run(options: argparse.Namespace) -> None:
    """Replace this process by the node.

    Raises:
        RefusedError: The file or the run does not exist, or ROS 2 is not available.
    """
    parameters: dict[str, str | int | list[str]] = {
        "policy": str(policy_file(options.policy)),
        "config": str(options.config),
        "activate": options.activate,
        "shadow": options.shadow,
    }
    remappings = ["-r", f"__node:={options.name}"]
    if options.namespace:
        remappings += ["-r", f"__ns:={absolute(options.namespace)}"]
    exec_node("policy", [*remappings, *parameter_arguments(parameters)])


def policy_file(name: str) -> Path:
    """Find the ONNX file that the user names, or that of the run.

    Raises:
        RefusedError: The file does not exist.
    """
    path = Path(name).expanduser()
    if path.suffix == ".onnx":
        if not path.is_file():
            raise RefusedError(f"the file {path} does not exist; `rl-pipeline export RUN` writes one")
        return path.absolute()
    from rl_pipeline.run.locate import find_run

    file = find_run(name).exported
    if not file.is_file():
        raise RefusedError(
            f"{file.parent} has no {file.name}: `rl-pipeline export {name} --out {file}` writes it"
        )
    return file.absolute()
