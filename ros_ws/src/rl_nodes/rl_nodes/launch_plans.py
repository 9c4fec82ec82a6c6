"""Processes that the launch files start, as plain data."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rl_pipeline.commands.ros_node import parameter_arguments
from rl_pipeline.ros_namespace import absolute

Values = Mapping[str, str]
"""The arguments of a launch file, all of them texts."""
Parameters = dict[str, str | int | list[str]]


@dataclass(frozen=True)
class NodeStart:
    """A node to start.

    Attributes:
        executable: Which of the nodes of its package.
        name: Its name on the network.
        namespace: The namespace of the name, such as `/left` or `left`; empty for none.
        parameters: Its parameters.
        package: Its package.
    """

    executable: str
    name: str
    namespace: str
    parameters: Parameters
    package: str = "rl_nodes"

    def command(self, prefix: Path) -> list[str]:
        """Return the command line.

        Args:
            prefix: Where the package is installed.
        """
        remappings = [
            "-r",
            f"__node:={self.name}",
            "-r",
            f"__ns:={absolute(self.namespace)}",
        ]
        return [
            str(prefix / "lib" / self.package / self.executable),
            "--ros-args",
            *remappings,
            *parameter_arguments(self.parameters),
        ]


@dataclass(frozen=True)
class LaunchPlan:
    """What a launch file does.

    Attributes:
        arguments: Its arguments: names to a default and a description.
        starts: Turns their values into the nodes to start; raises ValueError where one is wrong.
    """

    arguments: Mapping[str, tuple[str, str]]
    starts: Callable[[Values], list[NodeStart]]


COMMON = {
    "config": ("", "the experiment's YAML file"),
    "overrides": ("", "changes to it, e.g. 'experiment.seed=1 environment.n_environments=8'"),
    "simulations": ("1", "number of simulation nodes"),
    "namespace": ("", "namespace of all nodes, e.g. left or /left"),
    "use_sim_time": (
        "false",
        "true: the nodes take the time from /clock, which the first simulation publishes",
    ),
}


def simulation_starts(values: Values) -> list[NodeStart]:
    """Return the simulations; they are called simulation_1, simulation_2, ..."""
    parameters: Parameters = {"config": values["config"], "overrides": shlex.split(values["overrides"])}
    sim_time = _truth(values, "use_sim_time")
    return [
        NodeStart(
            "simulation", name, values["namespace"], parameters | {"publish_clock": sim_time and index == 0}
        )
        for index, name in enumerate(_simulation_names(values))
    ]


def train_starts(values: Values) -> list[NodeStart]:
    """Return the simulations and a trainer in them; without simulations it trains as the experiment says."""
    overrides = shlex.split(values["overrides"])
    prefix = absolute(values["namespace"]).rstrip("/")
    names = [f"{prefix}/{name}" for name in _simulation_names(values)]
    if names:
        overrides += ["environment.backend=ros", f"environment.ros.simulations=[{', '.join(names)}]"]
    parameters: Parameters = {
        "config": values["config"],
        "overrides": overrides,
        "resume": values["resume"],
        "use_sim_time": _truth(values, "use_sim_time"),
    }
    return [*simulation_starts(values), NodeStart("train", "train", values["namespace"], parameters)]


def play_starts(values: Values) -> list[NodeStart]:
    """Return a player, and the simulations of its run if it was trained in some."""
    parameters: Parameters = {
        "run": values["run"],
        "checkpoint": values["checkpoint"],
        "render": values["render"],
        "episodes": int(values["episodes"]),
        "use_sim_time": _truth(values, "use_sim_time"),
    }
    return [*simulation_starts(values), NodeStart("play", "play", values["namespace"], parameters)]


def deploy_starts(values: Values) -> list[NodeStart]:
    """Return what lets an exported policy steer a robot."""
    parameters: Parameters = {
        "policy": values["policy"],
        "config": values["config"],
        "activate": _truth(values, "activate"),
        "shadow": _truth(values, "shadow"),
        "use_sim_time": _truth(values, "use_sim_time"),
    }
    return [NodeStart("policy", "policy", values["namespace"], parameters)]


def unity_starts(values: Values) -> list[NodeStart]:
    """Return the endpoint to which Unity programs connect."""
    if not values["port"].isdecimal():
        raise ValueError(f"the argument port is '{values['port']}'; it must be a non-negative integer")
    parameters: Parameters = {"ROS_IP": values["address"], "ROS_TCP_PORT": int(values["port"])}
    executable, package = "default_server_endpoint", "ros_tcp_endpoint"
    return [NodeStart(executable, "UnityEndpoint", values["namespace"], parameters, package)]


def _simulation_names(values: Values) -> list[str]:
    text = values["simulations"]
    if not text.isdecimal():
        raise ValueError(f"the argument simulations is '{text}'; it must be a non-negative integer")
    return [f"simulation_{index + 1}" for index in range(int(text))]


def _truth(values: Values, name: str) -> bool:
    if values[name].lower() not in ("true", "false"):
        raise ValueError(f"the argument {name} is '{values[name]}'; it must be true or false")
    return values[name].lower() == "true"


SIMULATION = LaunchPlan(COMMON, simulation_starts)
TRAIN = LaunchPlan(COMMON | {"resume": ("", "a run to resume, or auto")}, train_starts)
PLAY = LaunchPlan(
    COMMON
    | {
        "simulations": ("0", "number of simulation nodes, as many as the run was trained in"),
        "run": ("", "the run"),
        "checkpoint": ("", "which of its checkpoints; by default the best"),
        "render": ("none", "none, human for a window, or rgb_array for a film"),
        "episodes": ("-1", "after how many to end; by default never"),
    },
    play_starts,
)
DEPLOY = LaunchPlan(
    {
        "policy": ("", "an ONNX file of `rl-pipeline export`, or the folder of a run that has one"),
        "config": ("", "a YAML file with the section deploy"),
        "activate": ("false", "true: the policy acts at once, without an operator"),
        "shadow": ("false", "true: nothing is commanded, whatever the file says"),
        "namespace": COMMON["namespace"],
        "use_sim_time": ("false", "true: the node takes the time of its messages from /clock"),
    },
    deploy_starts,
)
UNITY = LaunchPlan(
    {
        "address": ("127.0.0.1", "where the endpoint listens"),
        "port": ("10000", "the port of it"),
        "namespace": COMMON["namespace"],
    },
    unity_starts,
)
