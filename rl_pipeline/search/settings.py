"""Settings of a sweep: distributions, sampler, trials and seeds, from its file and the command line."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from optuna.distributions import BaseDistribution, CategoricalDistribution

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.config.loading import load_config, load_config_mapping
from rl_pipeline.config.overrides import COMMAND_LINE
from rl_pipeline.config.places import shown_path
from rl_pipeline.config.provenance import Provenance
from rl_pipeline.config.schema import Config, dump_config
from rl_pipeline.config.sweep import Sweep
from rl_pipeline.config.translation import validate
from rl_pipeline.config.yaml_reader import parse_value, parse_yaml, read_yaml
from rl_pipeline.errors import RefusedError
from rl_pipeline.learners.registry import check_learner
from rl_pipeline.run.milestones import frequency
from rl_pipeline.run.preflight import CHECKS
from rl_pipeline.run.trust import require_trust_of_file
from rl_pipeline.search.folder import SweepFolder, sweep_of
from rl_pipeline.search.grid import n_combinations
from rl_pipeline.search.objective import check_objective
from rl_pipeline.search.pruning import make_pruner
from rl_pipeline.search.samplers import check_sampler
from rl_pipeline.search.space import decode, encode, parse_space, split_override
from rl_pipeline.search.study import SearchSpace

SEED = "experiment.seed"


def load_sweep(file: Path, overrides: Sequence[str] = ()) -> Config:
    """Load the file of a sweep, and check all that can be checked before the first trial.

    Args:
        file: An experiment with a section `sweep`, or any experiment if `overrides` contains lists.
        overrides: `key=value`, or `key=value,value` to try all combinations.

    Raises:
        ConfigError: With all problems, each with its place.
    """
    single, lists = split_overrides(overrides)
    require_trust_of_file(file, single)
    loaded = load_config(file, single, checks=CHECKS)
    config = loaded.config
    if config.sweep is None and not lists:
        problem = Problem(
            "sweep",
            "is missing, and the command line contains no list of values",
            remedy="add the section, or write for example training.algorithm_parameters.gamma=0.98,0.99",
            place=str(file),
        )
        raise ConfigError([problem])
    try:
        config = with_lists(config, lists)
        check_sweep(config)
    except ConfigError as error:
        raise ConfigError(
            [_placed(problem, loaded.provenance, file, lists) for problem in error.problems]
        ) from error
    return config


def split_overrides(overrides: Sequence[str]) -> tuple[list[str], dict[str, list[object]]]:
    """Separate overrides with one value from those with a list of values.

    Raises:
        ConfigError: A list contains an empty value.
    """
    split = [(override, split_override(override)) for override in overrides]
    return [text for text, found in split if found is None], dict(found for _, found in split if found)


def with_lists(config: Config, lists: Mapping[str, Sequence[object]]) -> Config:
    """Add lists of the command line to a sweep's space; a list of seeds sets the seeds of each trial.

    Raises:
        ConfigError: The values are not seeds.
    """
    sweep = (config.sweep or Sweep()).model_dump()
    sweep["space"] |= {key: list(values) for key, values in lists.items() if key != SEED}
    if SEED in lists:
        sweep["seeds"] = list(lists[SEED])
    section, problems = validate(Sweep, sweep)
    if section is None:
        raise ConfigError([replace(problem, key=f"sweep.{problem.key}") for problem in problems])
    return config.model_copy(update={"sweep": section})


def search_space(config: Config) -> SearchSpace:
    """Return the settings of a sweep's trials.

    Raises:
        ConfigError: Its space or its sampler is refused.
    """
    sweep = sweep_of(config)
    space = parse_space(sweep.space)
    if not space and not isinstance(sweep.seeds, list):
        remedy = "list keys of the experiment, each with choices or a range"
        raise ConfigError([Problem("sweep.space", "is empty, so there is nothing to search", remedy=remedy)])
    has_choices = all(isinstance(one, CategoricalDistribution) for one in space.values())
    sampler = sweep.sampler or ("grid" if has_choices and sweep.trials is None else "tpe")
    check_sampler(sampler, sweep.sampler_options, space, len(sweep.objectives))
    n_trials = sweep.trials
    if sampler == "grid":
        total = n_combinations(space)
        n_trials = min(n_trials or total, total)
    if n_trials is None:
        raise ConfigError(
            [Problem("sweep.trials", f"is missing; {sampler} does not end by itself", remedy="add it")]
        )
    first = config.experiment.seed
    seeds = sweep.seeds if isinstance(sweep.seeds, list) else list(range(first, first + sweep.seeds))
    return SearchSpace(space, sampler, n_trials, seeds)


def check_sweep(config: Config) -> None:
    """Check a sweep beyond the form of its section.

    Raises:
        ConfigError: With the problems of the first part that has any.
    """
    sweep = sweep_of(config)
    search = search_space(config)
    make_pruner(sweep)
    evaluations = config.training.training.eval
    total = config.training.training.total_timesteps
    for objective in sweep.objectives:
        check_objective(objective, frequency(total, evaluations.num_evals, evaluations.frequency))
    problems = [found for key in search.space for found in _problems_of_key(config, key, search.space[key])]
    if problems:
        raise ConfigError(problems)


def _problems_of_key(config: Config, key: str, distribution: BaseDistribution) -> list[Problem]:
    """Try each choice of a key, or the ends of its range, in the experiment."""
    mapping = parse_yaml(dump_config(config.model_copy(update={"sweep": None})), "").mapping
    for value in _samples(distribution):
        text = f"{key}={json.dumps(decode({key: value})[key])}"
        try:
            load_config_mapping(mapping, [text], checks=[check_learner])
        except ConfigError as error:
            searched = f"sweep.space.{key}"
            return [
                replace(problem, key=searched, message=_message(problem, key), place=None)
                for problem in error.problems
            ]
    return []


def _message(problem: Problem, key: str) -> str:
    return problem.message if problem.key == key else f"does not fit: {problem.key} {problem.message}"


def _samples(distribution: BaseDistribution) -> Sequence[object]:
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices
    return [distribution.low, distribution.high]  # type: ignore[attr-defined]  # both other kinds are ranges


def _placed(
    problem: Problem, provenance: Provenance, file: Path, lists: Mapping[str, Sequence[object]]
) -> Problem:
    is_list = problem.key.removeprefix("sweep.space.") in lists
    place = COMMAND_LINE if is_list else provenance.nearest(problem.key) or shown_path(file)
    return replace(problem, place=problem.place or place)


CHANGEABLE = ("sweep.workers", "sweep.trials", "sweep.keep")
"""Keys that may change when a sweep is resumed; other changes would make its trials incomparable."""


def change_sweep(folder: SweepFolder, overrides: Sequence[str]) -> None:
    """Change the configuration of a sweep that is resumed.

    Raises:
        ConfigError: A key or value is refused.
        SweepBusyError: A driver is running.
    """
    if not overrides:
        return
    keys = [override.partition("=")[0].strip() for override in overrides]
    problems = [
        Problem(
            key,
            "cannot change when a sweep is resumed",
            valid=CHANGEABLE,
            nearest=nearest(key, CHANGEABLE),
            remedy="start a new sweep with --config",
            place=COMMAND_LINE,
        )
        for key in keys
        if key not in CHANGEABLE
    ]
    if problems:
        raise ConfigError(problems)
    with folder.locked():
        mapping = read_yaml(folder.config).mapping
        changed = load_config_mapping(mapping, overrides, file=folder.config).config
        search_space(changed)
        folder.save(changed)


def given_parameters(config: Config, words: Sequence[str]) -> dict[str, object]:
    """Return the values of a trial that a user enqueues.

    Raises:
        ConfigError: A key is not searched, or its value does not belong to the space.
        RefusedError: No values are given.
    """
    space = search_space(config).space
    if not words:
        raise RefusedError("name the values of the trial: rl-pipeline sweep enqueue NAME key=value ...")
    given: dict[str, object] = {}
    problems = []
    for word in words:
        key, _, text = word.partition("=")
        if key not in space:
            close = nearest(key, space)
            message = "is not searched by this sweep"
            problems.append(Problem(key, message, valid=list(space), nearest=close, place=COMMAND_LINE))
            continue
        given[key] = parse_value(text, COMMAND_LINE)
        if not _contains(space[key], given[key]):
            valid = list(map(str, _samples(space[key])))
            message = "does not belong to the space of this sweep"
            problems.append(Problem(key, message, given[key], valid=valid, place=COMMAND_LINE))
    if problems:
        raise ConfigError(problems)
    return given


def _contains(distribution: BaseDistribution, value: object) -> bool:
    try:
        return distribution._contains(distribution.to_internal_repr(encode(value)))
    except (AssertionError, TypeError, ValueError):
        return False
