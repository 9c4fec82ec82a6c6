"""Classes of messages and services by their names."""

import importlib
from typing import Any

from rl_pipeline.config.errors import ConfigError, Problem, nearest

Message = Any
"""A message, or the request or response of a service: the classes that ROS generates have no types."""


def find_interface(name: str, key: str) -> Any:
    """Return the class of a message or service.

    Args:
        name: E.g. `geometry_msgs/msg/Twist`.
        key: Configuration key of the name.

    Raises:
        ConfigError: The type is not installed.
    """
    package, _, rest = name.partition("/")
    folder, _, kind = rest.partition("/")
    try:
        module = importlib.import_module(f"{package}.{folder}")
    except (ImportError, ValueError) as error:
        remedy = (
            "write package/msg/Name or package/srv/Name; its package must be installed or be in ros_ws/src"
        )
        raise ConfigError([Problem(key, f"the type was not found ({error})", name, remedy=remedy)]) from error
    known = [known for known in dir(module) if known[0].isupper() and "_" not in known]
    if kind not in known:
        close = nearest(kind, known)
        raise ConfigError(
            [
                Problem(
                    key,
                    f"{package} does not have this type",
                    name,
                    known,
                    close and f"{package}/{folder}/{close}",
                )
            ]
        )
    return getattr(module, kind)
