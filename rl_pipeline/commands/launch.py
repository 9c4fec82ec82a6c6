"""`rl-pipeline launch`: start the ROS node that config.yml names, as `bash launch_node.bash` does."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.commands.ros_node import OWN_PACKAGE, find_executable, parameter_arguments
from rl_pipeline.commands.unity_overrides import unity_overrides
from rl_pipeline.errors import RefusedError
from rl_pipeline.ros_namespace import with_absolute_namespaces

if TYPE_CHECKING:
    from rl_pipeline.config.launcher import LauncherConfig

NAME = "launch"
HELP = "start the ROS node that config.yml names"
NODES_OF_A_RUN = ("play", "evaluate")
ROS_ARGUMENTS = "--ros-args"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("--config", type=Path, default=Path("config.yml"), help="default config.yml")
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="key=value ... [--ros-args ...]",
        help="changes to the experiment's configuration, followed by arguments of ROS",
    )


def run(options: argparse.Namespace) -> int:
    """Replace this process by the node; without ROS 2, train or play in this process."""
    from rl_pipeline.config.launcher import load_launcher_config

    launcher = load_launcher_config(options.config)
    overrides, ros_arguments = split(with_absolute_namespaces(options.arguments))
    if launcher.n_environments is not None:
        overrides = [f"environment.n_environments={launcher.n_environments}", *overrides]
    overrides = [*unity_overrides(launcher, overrides), *overrides]
    prefixes = os.environ.get("AMENT_PREFIX_PATH")
    if prefixes:
        ros = launcher.ros
        folders = map(Path, prefixes.split(os.pathsep))
        executable = find_executable(ros.package_name, ros.node_name, folders, options.config)
        given = parameter_arguments(node_parameters(launcher, overrides))
        sys.stdout.flush()
        os.execv(executable, [str(executable), ROS_ARGUMENTS, *given, "--", *ros_arguments])
    return without_ros(launcher, overrides)


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Separate the changes to the configuration from the arguments of ROS, which begin with `--ros-args`."""
    index = arguments.index(ROS_ARGUMENTS) if ROS_ARGUMENTS in arguments else len(arguments)
    return arguments[:index], arguments[index:]


def node_parameters(launcher: "LauncherConfig", overrides: list[str]) -> dict[str, str | list[str]]:
    """Return the parameters of the node that the experiment determines.

    Raises:
        RefusedError: The experiment names no run to play, or the node is not ours and reads no experiment.
    """
    ros = launcher.ros
    if ros.package_name == OWN_PACKAGE and ros.node_name in NODES_OF_A_RUN:
        return run_parameters(launcher, overrides)
    if ros.package_name == OWN_PACKAGE:
        return {"config": str(launcher.experiment.absolute()), "overrides": overrides}
    if overrides:
        raise RefusedError(
            f"'{overrides[0]}' changes an experiment, but {ros.package_name}/{ros.node_name} reads no experiment; "
            f"set its parameters with {ROS_ARGUMENTS} -p name:=value"
        )
    return {}


def run_parameters(launcher: "LauncherConfig", overrides: list[str]) -> dict[str, str | list[str]]:
    """Return the settings of the experiment's section `play`: run, checkpoint, and window or film.

    Raises:
        RefusedError: It names no run, or the run does not exist.
    """
    from rl_pipeline.config.loading import load_config
    from rl_pipeline.run.locate import find_run

    config = load_config(launcher.experiment, overrides).config
    if config.play.experiment is None:
        raise RefusedError(
            f"{launcher.experiment}: play.experiment: name a run; `rl-pipeline list runs` lists them"
        )
    run_folder = find_run(config.play.experiment, Path(config.experiment.folder))
    parameters: dict[str, str | list[str]] = {"run": str(run_folder.path)}
    parameters["checkpoint"] = config.play.pretrained_model or ""
    if launcher.ros.node_name == "play":
        parameters["render"] = config.environment.render_mode or "rgb_array"
    return parameters


def without_ros(launcher: "LauncherConfig", overrides: list[str]) -> int:
    """Train in this process.

    Raises:
        RefusedError: The node is neither of these.
    """
    from rl_pipeline.commands.train import make_plan, train_and_conclude

    node = f"{launcher.ros.package_name}/{launcher.ros.node_name}"
    if node != f"{OWN_PACKAGE}/train":
        raise RefusedError(
            f"{node} needs ROS 2, which was not found: install ROS 2 Jazzy in /opt/ros/jazzy, or use the container; "
            "`rl-pipeline` trains, plays and evaluates without it"
        )
    print("ROS 2 was not found: the training has no topics and services.", file=sys.stderr)
    train_and_conclude(make_plan(launcher.experiment, None, overrides))
    return 0
