"""The experiment file that the file of a sweep is laid over."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rl_pipeline.config.composition import Composition
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.key_schema import value_at
from rl_pipeline.config.places import missing_file
from rl_pipeline.config.yaml_reader import Document, read_yaml

BASE = ("sweep", "experiment")
KEY = ".".join(BASE)


def read_base(documents: Sequence[Document], file: Path | None) -> list[Document]:
    """Read the experiment that `sweep.experiment` names, if it does.

    Args:
        documents: documents that may name it, the strongest first.
        file: the file of the sweep; the path is relative to its folder or to the working directory.

    Raises:
        ConfigError: the file does not exist or is not valid YAML.
    """
    document = next((one for one in documents if isinstance(value_at(one.mapping, BASE), str)), None)
    if document is None:
        return []
    path = value_at(document.mapping, BASE)
    candidates = [folder / path for folder in [*([file.parent] if file else []), Path()]]
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    if found is None:
        raise ConfigError([replace(missing_file(candidates[0], KEY), place=document.place(BASE))])
    return [read_yaml(found)]


def forget_base(composition: Composition, base: Sequence[Document]) -> list[Problem]:
    """Remove the path of a base experiment after it was merged.

    Returns:
        A problem if the base experiment names another base experiment.
    """
    if base and isinstance(value_at(composition.mapping, BASE), str):
        composition.remove(BASE)
    return [
        Problem(
            KEY,
            "is set in an experiment that a sweep names; base experiments cannot be nested",
            value_at(document.mapping, BASE),
            remedy="name the other experiment directly in the sweep's file",
            place=document.place(BASE),
        )
        for document in base
        if isinstance(value_at(document.mapping, BASE), str)
    ]
