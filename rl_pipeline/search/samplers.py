"""Samplers, which propose the parameters of a trial: Optuna's and nevergrad's. Each trial gets a new sampler.

A new sampler has no random state to save: its seed is derived from the seed of the search and the number of the
trial, and it depends only on the trials in the storage. A killed search therefore resumes exactly.
"""

import warnings
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.search.grid import GridSampler

KEY = "sweep.sampler"
OPTIONS_KEY = "sweep.sampler_options"

Options = Mapping[str, object]

_OPTIONS: dict[str, dict[str, type]] = {
    "grid": {},
    "random": {},
    "tpe": {
        "n_startup_trials": int,
        "n_ei_candidates": int,
        "multivariate": bool,
        "group": bool,
        "constant_liar": bool,
    },
    "cmaes": {
        "n_startup_trials": int,
        "popsize": int,
        "consider_pruned_trials": bool,
        "use_separable_cma": bool,
        "with_margin": bool,
        "lr_adapt": bool,
    },
    "nsga2": {
        "population_size": int,
        "mutation_prob": float,
        "crossover_prob": float,
        "swapping_prob": float,
    },
    "nevergrad": {"optimizer": str, "population": int, "noisy": bool},
}
SAMPLERS = tuple(_OPTIONS)
"""The names of all samplers."""

_TYPE_NAMES = {int: "a positive integer", bool: "true or false", float: "a number from 0 to 1", str: "a text"}


def make_sampler(
    name: str,
    seed: int,
    trial: int,
    options: Options,
    space: Mapping[str, BaseDistribution],
    n_trials: int,
) -> optuna.samplers.BaseSampler:
    """Make the sampler of one trial.

    Args:
        name: One of `SAMPLERS`.
        seed: Seed of the search.
        trial: Number of the trial.
        options: Arguments of the sampler.
        space: Space of the search.
        n_trials: Number of trials of the search.

    Raises:
        ConfigError: The sampler or an option is unknown, or the sampler cannot search this space.
        RefusedError: The extra that the sampler needs is not installed.
    """
    check_sampler(name, options, space)
    trial_seed = int(np.random.SeedSequence([seed, trial]).generate_state(1)[0])
    makers: dict[str, Callable[..., optuna.samplers.BaseSampler]] = {
        "grid": partial(GridSampler, space),
        "random": partial(optuna.samplers.RandomSampler, seed=trial_seed),
        "tpe": partial(optuna.samplers.TPESampler, seed=trial_seed),
        "cmaes": partial(_cmaes, seed, trial_seed),
        "nsga2": partial(optuna.samplers.NSGAIISampler, seed=trial_seed),
        "nevergrad": partial(_nevergrad, space, seed, n_trials),
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return makers[name](**options)
    except ValueError as error:
        raise ConfigError([Problem(OPTIONS_KEY, str(error), dict(options))]) from error


def check_sampler(
    name: str, options: Options, space: Mapping[str, BaseDistribution], n_objectives: int = 1
) -> None:
    """Check a sampler before the first trial.

    Raises:
        ConfigError: The sampler or an option is unknown, or the sampler does not support this search.
    """
    if name not in _OPTIONS:
        problem = Problem(KEY, "unknown sampler", name, SAMPLERS, nearest(name.replace("-", ""), SAMPLERS))
        raise ConfigError([problem])
    problems = [found for option in options if (found := _option_problem(name, option, options[option]))]
    if name in ("cmaes", "nevergrad") and n_objectives > 1:
        remedy = "use nsga2, tpe, random or grid, or name one objective"
        problems.append(Problem(KEY, f"{name} searches for one objective, not {n_objectives}", remedy=remedy))
    if name == "cmaes":
        problems += _choices_problems(space)
    if name == "grid":
        problems += GridSampler.problems(space)
    if problems:
        raise ConfigError(problems)


def _option_problem(name: str, option: str, value: object) -> Problem | None:
    key = f"{OPTIONS_KEY}.{option}"
    known = _OPTIONS[name]
    if option not in known:
        remedy = None if known else f"{name} has no options"
        message = f"unknown option of the sampler {name}"
        return Problem(key, message, valid=tuple(known), nearest=nearest(option, known), remedy=remedy)
    expected = known[option]
    if expected is float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    else:
        fits = type(value) is expected and not (expected is int and isinstance(value, int) and value < 1)
    return None if fits else Problem(key, f"must be {_TYPE_NAMES[expected]}", value)


def _choices_problems(space: Mapping[str, BaseDistribution]) -> list[Problem]:
    remedy = "use tpe, nsga2 or nevergrad, or search a range instead of choices"
    return [
        Problem(f"sweep.space.{key}", "cmaes searches numbers, not choices", remedy=remedy)
        for key, distribution in space.items()
        if isinstance(distribution, CategoricalDistribution) and not distribution.single()
    ]


def _cmaes(seed: int, trial_seed: int, **options: object) -> optuna.samplers.CmaEsSampler:
    """Make CMA-ES, which keeps its state in the storage.

    It adds the number of the trial to a draw from its seed. So one seed for all trials causes no duplicates; the
    first trials, which are drawn independently, need separate seeds.
    """
    independent = optuna.samplers.RandomSampler(seed=trial_seed)
    constant_seed = int(np.random.SeedSequence(seed).generate_state(1)[0])
    return optuna.samplers.CmaEsSampler(seed=constant_seed, independent_sampler=independent, **options)  # type: ignore[arg-type]


def _nevergrad(
    space: Mapping[str, BaseDistribution], seed: int, n_trials: int, **options: object
) -> optuna.samplers.BaseSampler:
    from rl_pipeline.search.nevergrad import NevergradSampler

    return NevergradSampler(space, seed, n_trials, **options)  # type: ignore[arg-type]
