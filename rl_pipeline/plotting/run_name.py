"""What a run is called in pictures."""

from pathlib import Path
from typing import NamedTuple

import yaml

from rl_pipeline.config.training import algorithm_title


class RunName(NamedTuple):
    """What the seeds of one experiment have in common."""

    environment: str
    algorithm: str
    experiment: str


def run_name(folder: Path) -> RunName:
    """Read a run's name from its `config.yaml`.

    Args:
        folder: The run's folder. Without a `config.yaml` the names of the folder and its parents are taken.

    Raises:
        OSError: The file cannot be read.
    """
    path = folder / "config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
    if not isinstance(config, dict):
        folder = folder.absolute()
        return RunName(folder.parent.parent.name, folder.parent.name, folder.name)
    return RunName(
        environment=str(config["environment"]["id"]),
        algorithm=algorithm_title(str(config["training"]["algorithm"])),
        experiment=str(config["experiment"]["name"]),
    )
