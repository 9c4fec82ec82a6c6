"""Loading of YAML files and overrides into a checked configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl_pipeline.config.base_experiment import forget_base, read_base
from rl_pipeline.config.blocks import environment_id, refuse_bad_blocks, split_blocks
from rl_pipeline.config.checking import checked
from rl_pipeline.config.composition import Composition
from rl_pipeline.config.draft import Check, draft_of
from rl_pipeline.config.env_config import resolve_env_config
from rl_pipeline.config.errors import Problem
from rl_pipeline.config.hand_started import evaluate_at_the_end_alone
from rl_pipeline.config.hindsight_replay import resolve_hindsight_replay
from rl_pipeline.config.key_schema import key_schema
from rl_pipeline.config.overrides import parse_overrides
from rl_pipeline.config.places import shown_path
from rl_pipeline.config.provenance import Provenance
from rl_pipeline.config.rules import refuse_both
from rl_pipeline.config.schema import Config, dump_config
from rl_pipeline.config.yaml_reader import Document, read_yaml

__all__ = ["DEFAULT_FILE", "Check", "LoadedConfig", "dump_config", "load_config", "load_config_mapping"]

_REPOSITORY_DEFAULTS = Path(__file__).parents[2] / "configs" / "default.yaml"
DEFAULT_FILE = _REPOSITORY_DEFAULTS if _REPOSITORY_DEFAULTS.is_file() else None
"""The repository's configs/default.yaml; None in a package that was installed without the repository."""


@dataclass(frozen=True)
class LoadedConfig:
    """A checked configuration and the origin of its values."""

    config: Config
    raw: dict[str, Any]
    """The merged files and overrides, without the schema's defaults."""
    provenance: Provenance
    file: Path | None


def load_config(
    file: Path | str,
    overrides: Sequence[str] = (),
    *,
    default_file: Path | None = DEFAULT_FILE,
    checks: Sequence[Check] = (),
) -> LoadedConfig:
    """Load an experiment file.

    These are merged, the weakest first: `default_file`, the experiment that `sweep.experiment` names, the
    file's `Default` block, its block named after the environment id, its other keys, the overrides. What
    `environment.env_config` holds, or the file that it names, becomes part of `environment.kwargs`; the result then
    needs no other file. Programs that are started by hand have their own default: no evaluations during the
    training.

    Args:
        file: YAML file of the experiment.
        overrides: `key.path=value` each.
        default_file: YAML file of the weakest layer, or None.
        checks: find problems beyond the schema, such as unknown algorithms.

    Raises:
        ConfigError: with all problems of the file, each with its place.
    """
    return _load(read_yaml(Path(file)), Path(file), overrides, default_file, checks)


def load_config_mapping(
    mapping: Mapping[str, object],
    overrides: Sequence[str] = (),
    *,
    default_file: Path | None = None,
    checks: Sequence[Check] = (),
    file: Path | None = None,
) -> LoadedConfig:
    """Load a mapping of plain data as `load_config` loads a file.

    Args:
        mapping: sections, and blocks as in a file.
        overrides: as for `load_config`.
        default_file: as for `load_config`.
        checks: as for `load_config`.
        file: where the mapping came from, for messages and relative paths.

    Raises:
        ConfigError: with all problems of the mapping.
    """
    document = Document(shown_path(file) if file else "configuration", dict(mapping))
    return _load(document, file, overrides, default_file, checks)


def _load(
    document: Document,
    file: Path | None,
    overrides: Sequence[str],
    default_file: Path | None,
    checks: Sequence[Check],
) -> LoadedConfig:
    overriding, problems = parse_overrides(overrides)
    base = read_base([overriding, document], file)
    files = [document, *base, *([] if default_file is None else [read_yaml(default_file)])]
    environment = environment_id([overriding, *files])
    composition = Composition(key_schema(Config))
    for source in reversed(files):
        problems += [*source.problems, *refuse_bad_blocks(source, environment)]
        for block in split_blocks(source, environment):
            composition.add(block)
    composition.add(overriding)
    problems += forget_base(composition, base)
    problems += resolve_env_config(
        composition, [Path(source.name).parent for source in [document, *base] if file]
    )
    resolve_hindsight_replay(composition)
    evaluate_at_the_end_alone(composition)

    def run_checks(mapping: Mapping[str, Any]) -> list[Problem]:
        draft = draft_of(mapping)
        return [problem for check in checks for problem in check(draft)]

    # With an empty section, the problem is reported at its cause: a missing environment.id.
    composition.mapping.setdefault("environment", {})
    config = checked(Config, composition, document.name, problems, (refuse_both, run_checks))
    return LoadedConfig(config, composition.mapping, composition.provenance, file)
