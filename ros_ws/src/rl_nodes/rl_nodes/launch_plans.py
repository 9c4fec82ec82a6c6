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
        executable: Executable in its package.
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
            prefix: Installation folder of the package.
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
    """Plan of a launch file.

    Attributes:
        arguments: Its arguments: names to a default and a description.
        starts: Converts their values to the nodes to start; raises ValueError for a wrong value.
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
        "true: the nodes use the time from /clock, which the first simulation publishes",
    ),
}


def simulation_starts(values: Values) -> list[NodeStart]:
    """Return the simulations, named simulation_1, simulation_2, ..."""
    parameters: Parameters = {"config": values["config"], "overrides": shlex.split(values["overrides"])}
    sim_time = _truth(values, "use_sim_time")
    return [
        NodeStart(
            "simulation", name, values["namespace"], parameters | {"publish_clock": sim_time and index == 0}
        )
        for index, name in enumerate(_simulation_names(values))
    ]


def train_starts(values: Values) -> list[NodeStart]:
    """Return the simulations and a trainer; without simulations, the experiment selects the backend."""
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
    """Return a player, and the simulations of its run if it was trained in simulations."""
    parameters: Parameters = {
        "run": values["run"],
        "checkpoint": values["checkpoint"],
        "render": values["render"],
        "episodes": int(values["episodes"]),
        "use_sim_time": _truth(values, "use_sim_time"),
    }
    return [*simulation_starts(values), NodeStart("play", "play", values["namespace"], parameters)]


def deploy_starts(values: Values) -> list[NodeStart]:
    """Return the policy node, which controls a robot with an exported policy."""
    parameters: Parameters = {
        "policy": values["policy"],
        "config": values["config"],
        "activate": _truth(values, "activate"),
        "shadow": _truth(values, "shadow"),
        "use_sim_time": _truth(values, "use_sim_time"),
    }
    return [NodeStart("policy", "policy", values["namespace"], parameters)]


def unity_starts(values: Values) -> list[NodeStart]:
    """Return the endpoint of Unity programs."""
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
        "simulations": ("0", "number of simulation nodes, the same as in the training of the run"),
        "run": ("", "the run"),
        "checkpoint": ("", "one of its checkpoints; by default the best"),
        "render": ("none", "none, human for a window, or rgb_array for a film"),
        "episodes": ("-1", "number of episodes; by default no limit"),
    },
    play_starts,
)
DEPLOY = LaunchPlan(
    {
        "policy": ("", "an ONNX file of `rl-pipeline export`, or the folder of a run that has one"),
        "config": ("", "a YAML file with the section deploy"),
        "activate": ("false", "true: the policy is activated at once, without an operator"),
        "shadow": ("false", "true: no commands are sent, even if the file enables them"),
        "namespace": COMMON["namespace"],
        "use_sim_time": ("false", "true: the node uses the time from /clock for its messages"),
    },
    deploy_starts,
)
UNITY = LaunchPlan(
    {
        "address": ("127.0.0.1", "address on which the endpoint listens"),
        "port": ("10000", "port of the endpoint"),
        "namespace": COMMON["namespace"],
    },
    unity_starts,
)
