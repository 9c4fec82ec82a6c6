"""Lists of the code and programs that a run's configuration executes, and of its effects on ROS."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from rl_pipeline.config.backend import WhatAndKey
from rl_pipeline.config.cluster import Cluster
from rl_pipeline.config.environment import Environment
from rl_pipeline.config.schema import Config

CLASS_PATH = re.compile(r".+:[^\W\d][\w/.-]*", re.DOTALL)
"""`path/to/file.py:Class`, `package.module:Class` or `module:Env-v0`; wider than what is imported, never narrower."""
CODE_SECTIONS = (
    ("environment",),
    ("training", "algorithm"),
    ("training", "algorithm_parameters"),
    ("training", "architecture"),
    ("training", "distillation"),
    ("training", "callbacks"),
)
"""Keys whose values may be class paths."""


class Executed(NamedTuple):
    """Something that a configuration executes.

    Attributes:
        what: The class path, program or names on the network.
        key: Its key in the configuration.
    """

    what: str
    key: str

    def __str__(self) -> str:
        """Return its form in messages."""
        return f"{self.what} ({self.key})"


def executed_by(config: Config) -> list[Executed]:
    """List code and programs that a configuration executes beside this package.

    `training.pretrained_model` is not included: only weights are read from it.
    """
    data = config.model_dump()
    found = [
        *_environment_id(config.environment),
        *_programs(config.environment),
        *_job_lines(config.cluster),
    ]
    for section in CODE_SECTIONS:
        node: Any = data
        for name in section:
            node = node[name]
        found += _class_paths(node, ".".join(section))
    return list(dict.fromkeys(found))


def reached_by(config: Config) -> list[Executed]:
    """List a configuration's effects on the network: robots and simulations that it commands, ports that it opens."""
    section = config.environment.section
    return [] if section is None else _below_section(config.environment, section.reached())


def _environment_id(environment: Environment) -> Iterator[Executed]:
    if ":" in environment.id:
        yield Executed(environment.id, "environment.id")


def _programs(environment: Environment) -> list[Executed]:
    section = environment.section
    return [] if section is None else _below_section(environment, section.executed())


def _job_lines(cluster: Cluster | None) -> Iterator[Executed]:
    """List the commands of a cluster's job around its training; variables such as LD_PRELOAD load code."""
    if cluster is None:
        return
    for key in ("setup", "container", "environment", "options"):
        value = getattr(cluster, key)
        if value:
            yield Executed(str(value), f"cluster.{key}")


def _below_section(environment: Environment, found: Iterable[WhatAndKey]) -> list[Executed]:
    return [Executed(what, f"environment.{environment.backend}.{key}") for what, key in found]


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
