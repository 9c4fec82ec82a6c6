"""The section `cluster`: resources of a job on a Slurm cluster."""

import math
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from rl_pipeline.config.checking import checked
from rl_pipeline.config.composition import Composition
from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.config.key_schema import key_schema
from rl_pipeline.config.places import shown_path
from rl_pipeline.config.section import (
    InvalidValueError,
    NonNegative,
    Positive,
    Section,
    Text,
    whole_number,
)
from rl_pipeline.config.yaml_reader import read_yaml

_REPOSITORY_PROFILES = Path(__file__).parents[2] / "configs" / "clusters"
PROFILE_FOLDERS = (Path("configs/clusters"), _REPOSITORY_PROFILES)
"""Folders in which `--cluster NAME` looks, the working directory's first."""
TIME = re.compile(r"(?:(?P<days>\d+)-)?(?P<hours>\d+):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)")
LONGEST_LEAD = 65_535
"""Slurm's limit for the seconds of `--signal`."""


def _duration(text: str) -> str:
    if not TIME.fullmatch(text) or in_seconds(text) == 0:
        raise InvalidValueError(
            "is not a duration", valid=["HH:MM:SS", "D-HH:MM:SS"], remedy="write for example 24:00:00"
        )
    return text


def _variables(variables: dict[str, str]) -> dict[str, str]:
    for name in variables:
        if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
            remedy = "use letters, digits and '_', e.g. WANDB_MODE"
            raise InvalidValueError(f"'{name}' cannot be the name of a variable", remedy=remedy)
    return variables


def _as_text(variables: object) -> object:
    if not isinstance(variables, dict):
        return variables
    return {
        name: str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
        for name, value in variables.items()
    }


def in_seconds(duration: str) -> int:
    """Convert `HH:MM:SS` or `D-HH:MM:SS`."""
    found = TIME.fullmatch(duration)
    assert found is not None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


class Cluster(Section):
    """Resources and set-up of a job on a Slurm cluster. Keys that are not given take the cluster's own defaults."""

    partition: Text | None = None
    """Partition, or several partitions separated by commas."""
    account: Text | None = None
    """Account that is charged."""
    qos: Text | None = None
    """Quality of service."""
    constraint: Text | None = None
    """Features that the node must have."""
    time: Annotated[str, AfterValidator(_duration)] = "24:00:00"
    """Time limit of one start of the job. The training saves before the limit, and the job is queued again."""
    signal_lead: Annotated[int, Field(ge=1, le=LONGEST_LEAD), BeforeValidator(whole_number)] = 300
    """Seconds before the time limit at which the training saves; Slurm may be up to 60 s early."""
    nodes: Positive = 1
    """Nodes of a job; the training's command starts on the first."""
    cpus: Positive | None = None
    """Processor cores of a job on each node."""
    gpus: NonNegative = 0
    """GPUs of a job on each node."""
    gpu_type: Text | None = None
    """Type of the GPUs, as the cluster names it."""
    memory: Text | None = None
    """Memory of a job on each node, e.g. 8G."""
    parallel: Positive = 16
    """Maximum number of jobs of one submission or sweep that run at a time."""
    setup: list[Text] = Field(default_factory=list)
    """Lines of bash before the training, e.g. 'module load cuda'; a line that fails ends the job."""
    container: Text | None = None
    """Prefix that runs a command in a container, e.g. 'apptainer exec --nv rl_pipeline.sif'."""
    environment: Annotated[dict[str, str], AfterValidator(_variables), BeforeValidator(_as_text)] = Field(
        default_factory=dict
    )
    """Environment variables of the training."""
    options: dict[Text, Text | int | bool] = Field(default_factory=dict)
    """Further options of sbatch by their long names, e.g. {exclude: node7}."""

    @property
    def minutes(self) -> int:
        """The time limit, rounded up to Slurm's unit."""
        return math.ceil(in_seconds(self.time) / 60)

    def overlaid(self, stronger: "Cluster | None") -> "Cluster":
        """Return this profile, overridden by the keys of a stronger section.

        Raises:
            ConfigError: The training would have no time before it has to save.
        """
        given = {} if stronger is None else {key: getattr(stronger, key) for key in stronger.model_fields_set}
        cluster = self.model_copy(update=given)
        if cluster.signal_lead >= in_seconds(cluster.time):
            message = f"must be less than the time limit of {cluster.time}"
            remedy = "raise cluster.time or lower cluster.signal_lead"
            raise ConfigError([Problem("cluster.signal_lead", message, cluster.signal_lead, remedy=remedy)])
        return cluster


class ClusterFile(Section):
    """A profile of a cluster: a file with the section `cluster`."""

    cluster: Cluster
    """Resources and set-up of a job."""


def load_cluster(name: str, section: Cluster | None = None) -> Cluster:
    """Load a profile.

    Args:
        name: A file, or the name of a file in `configs/clusters` without its ending.
        section: The section `cluster` of an experiment, which overrides the profile.

    Raises:
        ConfigError: The profile does not exist, or it has errors, each with its line.
    """
    document = read_yaml(_profile_file(name))
    composition = Composition(key_schema(ClusterFile))
    composition.add(document)
    profile = checked(ClusterFile, composition, document.name, document.problems).cluster
    return profile.overlaid(section)


def profile_names() -> list[str]:
    """List the names that `--cluster` accepts."""
    return sorted({file.stem for folder in PROFILE_FOLDERS for file in folder.glob("*.yaml")})


def _profile_file(name: str) -> Path:
    path = Path(name).expanduser()
    candidates = [path] if path.suffix in {".yaml", ".yml"} else [f / f"{name}.yaml" for f in PROFILE_FOLDERS]
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    if found is not None:
        return found
    names = profile_names()
    folder = shown_path(PROFILE_FOLDERS[0])
    problem = Problem(
        "--cluster",
        "the profile does not exist",
        name,
        valid=[*names, "a YAML file"],
        nearest=nearest(name, names),
        remedy=f"write {folder}/NAME.yaml with a section cluster, or name a file",
        place="command line",
    )
    raise ConfigError([problem])
