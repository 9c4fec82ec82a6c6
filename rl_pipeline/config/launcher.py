"""`config.yml`: the experiment that the launchers start, the ROS node and the Unity build."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from rl_pipeline.config.checking import checked
from rl_pipeline.config.composition import Composition
from rl_pipeline.config.errors import Problem
from rl_pipeline.config.key_schema import key_schema
from rl_pipeline.config.places import missing_file
from rl_pipeline.config.section import Positive, Section, Text
from rl_pipeline.config.yaml_reader import read_yaml


class RosNode(Section):
    """The ROS 2 node that launch_node.bash starts."""

    package_name: Text = "rl_nodes"
    """ROS 2 package of the node."""
    node_name: Text = "train"
    """Name of the node."""


class UnityBuild(Section):
    """The Unity standalone build that launch_unity_simulation starts, and training with a Unity backend."""

    build_path: Text | None = None
    """Path of the executable; null when Unity is not used or its editor plays the scene."""
    headless_mode: bool = False
    """Run without a window."""
    pause: bool = False
    """Pause the simulation between steps."""
    sample_time: Annotated[float, Field(ge=0)] = 0.0
    """Simulated seconds in an environment step; 0 leaves it to the scene."""
    time_scale: Annotated[float, Field(gt=0)] = 1.0
    """Simulated seconds per second of the wall clock."""


class LauncherConfig(Section):
    """Settings of the launchers."""

    experiment: Annotated[Path, Field(strict=False)]
    """Experiment file; a relative path is relative to the folder of config.yml."""
    n_environments: Positive | None = None
    """Number of environments, instead of the experiment's `environment.n_environments`."""
    ros: RosNode = RosNode()
    """The ROS 2 node."""
    unity: UnityBuild = UnityBuild()
    """The Unity build."""


def load_launcher_config(path: Path | str) -> LauncherConfig:
    """Load config.yml; `experiment` becomes a path that is valid from the working directory.

    Raises:
        ConfigError: with all problems of the file, each with its place.
    """
    file = Path(path)
    document = read_yaml(file)
    composition = Composition(key_schema(LauncherConfig))
    composition.add(document)

    def experiment_exists(mapping: Mapping[str, object]) -> list[Problem]:
        experiment = file.parent / str(mapping.get("experiment", ""))
        return [] if experiment.is_file() else [missing_file(experiment, "experiment")]

    config = checked(LauncherConfig, composition, document.name, document.problems, [experiment_exists])
    return config.model_copy(update={"experiment": file.parent / config.experiment})
