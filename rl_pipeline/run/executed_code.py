"""Lists what the configuration of a run makes execute: Python code, programs, and what acts on ROS."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.schema import Config
from rl_pipeline.config.unity import PolicyOfRun

CLASS_PATH = re.compile(r".+:[^\W\d][\w/.-]*", re.DOTALL)
"""`path/to/file.py:Class`, `package.module:Class` or `module:Env-v0`; wider than what is imported, never narrower."""
CODE_SECTIONS = (
    ("environment",),
    ("training", "algorithm"),
    ("training", "algorithm_parameters"),
    ("training", "architecture"),
)
"""Where class paths stand."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Executed(NamedTuple):
    """One thing that a configuration makes execute.

    Attributes:
        what: The class path, program or names on the network.
        key: Where it stands in the configuration.
    """

    what: str
    key: str

    def __str__(self) -> str:
        """Return it as a message shows it."""
        return f"{self.what} ({self.key})"


def executed_by(config: Config) -> list[Executed]:
    """List code and programs that environments and policies of a configuration execute beside this package.

    `training.pretrained_model` is not among it: only weights are read from it.
    """
    data = config.model_dump()
    found = [*_environment_id(config.environment), *_programs(config.environment)]
    for section in CODE_SECTIONS:
        node: Any = data
        for name in section:
            node = node[name]
        found += _class_paths(node, ".".join(section))
    return list(dict.fromkeys(found))


def reached_by(config: Config) -> list[Executed]:
    """List what a configuration does on the network: robots and simulations that it commands, ports that it opens."""
    return list(_network(config.environment))


def _environment_id(environment: Environment) -> Iterator[Executed]:
    if ":" in environment.id:
        yield Executed(environment.id, "environment.id")


def _programs(environment: Environment) -> Iterator[Executed]:
    for name, section in (("unity", environment.unity), ("unity_ros", environment.unity_ros)):
        if section is not None and section.build_path is not None:
            yield Executed(section.build_path, f"environment.{name}.build_path")
    others = environment.unity.other_behaviours if environment.unity is not None else {}
    for behaviour, other in others.items():
        if isinstance(other, PolicyOfRun):
            yield Executed(
                f"the run {other.policy}", f"environment.unity.other_behaviours.{behaviour}.policy"
            )


def _network(environment: Environment) -> Iterator[Executed]:
    if environment.ros_topics is not None:
        topics = ", ".join(sorted({action.field for action in environment.ros_topics.actions}))
        yield Executed(f"commands to the ROS topics {topics}", "environment.ros_topics.actions")
        if environment.ros_topics.reset_services:
            services = ", ".join(environment.ros_topics.reset_services)
            yield Executed(f"calls of the ROS services {services}", "environment.ros_topics.reset_services")
    if environment.ros is not None:
        names = ", ".join(environment.ros.simulations)
        yield Executed(f"calls of the ROS services of {names}", "environment.ros.simulations")
    if environment.unity_ros is not None and environment.unity_ros.address not in LOOPBACK:
        address = f"{environment.unity_ros.address}:{environment.unity_ros.port}"
        yield Executed(f"a server that listens on {address}", "environment.unity_ros.address")


def _class_paths(node: object, key: str) -> Iterator[Executed]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _class_paths(name, key)
            yield from _class_paths(value, f"{key}.{name}")
    elif isinstance(node, list | tuple):
        for index, item in enumerate(node):
            yield from _class_paths(item, f"{key}.{index}")
    elif isinstance(node, str) and CLASS_PATH.fullmatch(node):
        yield Executed(node, key)
