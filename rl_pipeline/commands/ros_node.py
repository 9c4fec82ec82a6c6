"""The executable of a ROS node, and what an experiment gives it."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from rl_pipeline.config.errors import nearest
from rl_pipeline.errors import RefusedError

PACKAGES_INDEX = "share/ament_index/resource_index/packages"


def find_executable(package: str, node: str, prefixes: Iterable[Path], file: Path) -> Path:
    """Find a node among the installed packages.

    Args:
        package: The package.
        node: Its node.
        prefixes: The folders of AMENT_PREFIX_PATH.
        file: Names both under `ros`, for messages.

    Raises:
        RefusedError: There is no such package, or no such node in it.
    """
    prefixes = list(prefixes)
    nodes = {
        path.name: path
        for prefix in prefixes
        for path in sorted((prefix / "lib" / package).glob("*"))
        if path.is_file() and os.access(path, os.X_OK)
    }
    if not nodes:
        packages = [path.name for prefix in prefixes for path in prefix.glob(f"{PACKAGES_INDEX}/*")]
        with_nodes = {name for name in packages for prefix in prefixes if (prefix / "lib" / name).is_dir()}
        raise RefusedError(_unknown(file, "ros.package_name", package, "package with nodes", with_nodes))
    if node not in nodes:
        raise RefusedError(_unknown(file, "ros.node_name", node, f"node of {package}", nodes))
    return nodes[node]


def _unknown(file: Path, key: str, value: str, what: str, known: Iterable[str]) -> str:
    close = nearest(value, known)
    hint = f"; did you mean '{close}'?" if close else ""
    return f"{file}: {key}: '{value}' is no {what}; there are: {', '.join(sorted(known))}{hint}"


def parameter_arguments(parameters: Mapping[str, str | int | list[str]]) -> list[str]:
    """Write parameters as arguments of ROS; an empty text or list keeps the node's default."""
    # JSON is YAML, as which ROS reads a value.
    return [
        part
        for name, value in parameters.items()
        if value not in ("", [])
        for part in ("-p", f"{name}:={json.dumps(value)}")
    ]
