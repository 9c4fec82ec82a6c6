"""The optimizers of nevergrad behind Optuna's interface of samplers.

Each trial records in the storage which results its optimizer knew before it was asked. Asking and telling in the
same order rebuilds the optimizer, so that a search resumes exactly, even with parallel trials.
"""

import importlib.util
import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.errors import RefusedError

MIX = "RandomThenDiagonalCMA"
"""A tenth of the trials at random, then CMA-ES with a diagonal covariance and a scale of 3."""
OPTIMIZERS = ("CMA", "DiagonalCMA", "OnePlusOne", "DE", "PSO", "TBPSA", "ES", "NGOpt", MIX)
DEFAULT_POPULATION = 16

_RECORD = "nevergrad"
_LOSS_OF_FAILED = 1e20


class NevergradSampler(BaseSampler):
    """Asks an optimizer of nevergrad for all parameters at once.

    Args:
        space: Space of the search.
        seed: Seed of the search.
        n_trials: Number of trials of the search: generations times population.
        optimizer: One of `OPTIMIZERS`.
        population: Number of trials that are asked for before the first of them is told: the size of a generation.
        noisy: Whether equal parameters give unequal results.

    Raises:
        ConfigError: The optimizer is unknown.
        RefusedError: nevergrad is not installed.
    """

    def __init__(
        self,
        space: Mapping[str, BaseDistribution],
        seed: int,
        n_trials: int,
        optimizer: str = "CMA",
        population: int = DEFAULT_POPULATION,
        noisy: bool = False,
    ) -> None:
        check_optimizer(optimizer)
        self._space = {key: one for key, one in space.items() if not one.single()}
        self._seed, self._n_trials = int(np.random.SeedSequence(seed).generate_state(1)[0]), n_trials
        self._optimizer, self._population, self._noisy = optimizer, population, noisy

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return all dimensions but those of one value."""
        return dict(self._space)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the parameters of a trial."""
        if not self._space:
            return {}
        trials = {one.number: one for one in study._storage.get_all_trials(study._study_id, deepcopy=False)}
        asked = sorted((one for one in trials.values() if _RECORD in one.system_attrs), key=_turn)
        record = trial.system_attrs.get(_RECORD) or self._record(trials, asked)
        study._storage.set_trial_system_attr(trial._trial_id, _RECORD, record)
        optimizer = self._new_optimizer(record["budget"])
        sign = 1 if study.direction == StudyDirection.MINIMIZE else -1
        candidates: dict[int, Any] = {}
        with warnings.catch_warnings():
            # A warning of `cma` about candidates of others, such as enqueued trials.
            warnings.filterwarnings("ignore", "orphanated injected solution")
            for earlier in asked:
                if _turn(earlier) < record["turn"]:
                    self._tell(optimizer, earlier.system_attrs[_RECORD], trials, candidates, sign)
                    candidates[earlier.number] = optimizer.ask()
            self._tell(optimizer, record, trials, candidates, sign)
            return self._parameters(optimizer.ask())

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return the only value of a dimension of one value."""
        return RandomSampler(self._seed).sample_independent(study, trial, param_name, param_distribution)

    def _record(self, trials: Mapping[int, FrozenTrial], asked: list[FrozenTrial]) -> dict[str, Any]:
        """Return the notes of a trial: its turn, the results since the last turn, and the budget."""
        told = {number for one in asked for number in one.system_attrs[_RECORD]["told"]}
        return {
            "turn": len(asked),
            "told": [number for number in sorted(set(trials) - told) if trials[number].state.is_finished()],
            "budget": asked[0].system_attrs[_RECORD]["budget"] if asked else self._n_trials,
        }

    def _new_optimizer(self, budget: int) -> Any:
        import nevergrad

        space = nevergrad.p.Dict(**{key: _parameter(one) for key, one in self._space.items()})
        space.random_state = np.random.RandomState(self._seed)
        space.function.deterministic = not self._noisy
        make: Any = nevergrad.optimizers.registry.get(self._optimizer)
        if self._optimizer == MIX:
            diagonal = nevergrad.optimizers.ParametrizedCMA(scale=3, diagonal=True)
            make = nevergrad.families.Chaining([nevergrad.optimizers.RandomSearch, diagonal], ["tenth"])
        return make(parametrization=space, budget=budget, num_workers=self._population)

    def _tell(
        self,
        optimizer: Any,
        record: Mapping[str, Any],
        trials: Mapping[int, FrozenTrial],
        candidates: Mapping[int, Any],
        sign: int,
    ) -> None:
        """Tell an optimizer the results that became known before a turn."""
        for trial in (trials[number] for number in record["told"]):
            if not self._space.keys() <= trial.params.keys():
                continue
            candidate = candidates.get(trial.number)
            if candidate is None or not _same(self._parameters(candidate), trial.params):
                raw = {key: _raw(one, trial.params[key]) for key, one in self._space.items()}
                candidate = optimizer.parametrization.spawn_child(new_value=raw)
            value = None if trial.state == TrialState.FAIL else trial.value
            optimizer.tell(candidate, _LOSS_OF_FAILED if value is None else sign * value)

    def _parameters(self, candidate: Any) -> dict[str, Any]:
        return {key: _value(one, candidate.value[key]) for key, one in self._space.items()}


def check_optimizer(name: str) -> None:
    """Refuse an unknown optimizer, or all of them if nevergrad is missing.

    Raises:
        ConfigError: The optimizer is unknown.
        RefusedError: nevergrad is not installed.
    """
    if name not in OPTIMIZERS:
        key = "sweep.sampler_options.optimizer"
        raise ConfigError([Problem(key, "unknown optimizer", name, OPTIMIZERS, nearest(name, OPTIMIZERS))])
    if importlib.util.find_spec("nevergrad") is None:
        message = "The sampler nevergrad needs the package nevergrad, which is not installed."
        raise RefusedError(f"{message} Install the extra: pip install 'rl-pipeline[nevergrad]'")


def _turn(trial: FrozenTrial) -> int:
    return int(trial.system_attrs[_RECORD]["turn"])


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether a rebuilt candidate equals a trial's parameters; those of enqueued trials differ."""
    return all(
        math.isclose(value, other[key], rel_tol=1e-6) if isinstance(value, float) else value == other[key]
        for key, value in one.items()
    )


def _parameter(distribution: BaseDistribution) -> Any:
    """Convert a dimension to nevergrad's form: choices and steps are counted from 0."""
    from nevergrad import p

    if isinstance(distribution, CategoricalDistribution):
        return p.Choice(range(len(distribution.choices)))
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    if distribution.log:
        scale = p.Log(lower=distribution.low, upper=distribution.high)
        return scale.set_integer_casting() if isinstance(distribution, IntDistribution) else scale
    if distribution.step is None:
        return p.Scalar(lower=distribution.low, upper=distribution.high)
    n_steps = round((distribution.high - distribution.low) / distribution.step)
    return p.Scalar(lower=0, upper=n_steps).set_integer_casting()


def _value(distribution: BaseDistribution, raw: Any) -> Any:
    """Return the value of a dimension that `_parameter` made as the value of a parameter."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[int(raw)]
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    value = (
        raw if distribution.log or distribution.step is None else distribution.low + raw * distribution.step
    )
    bounded = min(max(value, distribution.low), distribution.high)
    return int(bounded) if isinstance(distribution, IntDistribution) else float(bounded)


def _raw(distribution: BaseDistribution, value: Any) -> Any:
    """Return the inverse of `_value`."""
    if isinstance(distribution, CategoricalDistribution):
        return int(distribution.to_internal_repr(value))
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    if distribution.log or distribution.step is None:
        return value
    return round((value - distribution.low) / distribution.step)
