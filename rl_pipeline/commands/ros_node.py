"""The executable of a ROS node, and its parameters from an experiment."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from rl_pipeline.config.errors import nearest
from rl_pipeline.errors import RefusedError

OWN_PACKAGE = "rl_nodes"
PACKAGES_INDEX = "share/ament_index/resource_index/packages"


def nodes_of(package: str, prefixes: Iterable[Path]) -> dict[str, Path]:
    """Return the executables of a package by name, given the folders of AMENT_PREFIX_PATH."""
    return {
        path.name: path
        for prefix in prefixes
        for path in sorted((prefix / "lib" / package).glob("*"))
        if path.is_file() and os.access(path, os.X_OK)
    }


def find_executable(package: str, node: str, prefixes: Iterable[Path], file: Path) -> Path:
    """Find a node among the installed packages.

    Args:
        package: The package.
        node: Its node.
        prefixes: The folders of AMENT_PREFIX_PATH.
        file: File whose section `ros` names both, for messages.

    Raises:
        RefusedError: The package does not exist, or it has no node of this name.
    """
    prefixes = list(prefixes)
    nodes = nodes_of(package, prefixes)
    if not nodes:
        packages = [path.name for prefix in prefixes for path in prefix.glob(f"{PACKAGES_INDEX}/*")]
        with_nodes = {name for name in packages for prefix in prefixes if (prefix / "lib" / name).is_dir()}
        raise RefusedError(_unknown(file, "ros.package_name", package, "package with nodes", with_nodes))
    if node not in nodes:
        raise RefusedError(_unknown(file, "ros.node_name", node, f"node of {package}", nodes))
    return nodes[node]


def exec_node(node: str, arguments: Sequence[str]) -> NoReturn:
    """Replace this process by one of our nodes.

    Args:
        node: Its name in the package `rl_nodes`.
        arguments: Its arguments for ROS.

    Raises:
        RefusedError: ROS 2 is not available, or the workspace is not built.
    """
    prefixes = os.environ.get("AMENT_PREFIX_PATH")
    if not prefixes:
        raise RefusedError(
            f"the node {node} needs ROS 2: run `source ros_ws/activate.bash` in the shell, or use the container"
        )
    executable = nodes_of(OWN_PACKAGE, map(Path, prefixes.split(os.pathsep))).get(node)
    if executable is None:
        raise RefusedError(
            f"{OWN_PACKAGE}/{node} is not among the packages of AMENT_PREFIX_PATH; "
            "run `source ros_ws/activate.bash`, which builds it"
        )
    sys.stdout.flush()
    os.execv(executable, [str(executable), "--ros-args", *arguments])


def _unknown(file: Path, key: str, value: str, what: str, known: Iterable[str]) -> str:
    close = nearest(value, known)
    hint = f"; did you mean '{close}'?" if close else ""
    return f"{file}: {key}: '{value}' is not a {what}; valid: {', '.join(sorted(known))}{hint}"


def parameter_arguments(parameters: Mapping[str, str | int | list[str]]) -> list[str]:
    """Convert parameters to arguments of ROS; an empty text or list keeps the node's default."""
    # ROS reads a value as YAML, and JSON is valid YAML.
    return [
        part
        for name, value in parameters.items()
        if value not in ("", [])
        for part in ("-p", f"{name}:={json.dumps(value)}")
    ]
