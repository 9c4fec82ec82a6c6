"""All combinations of a space, in a fixed order."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from rl_pipeline.config.errors import Problem
from rl_pipeline.errors import RefusedError

MAX_COMBINATIONS = 1_000_000


class GridSampler(BaseSampler):
    """Assigns to each trial the combination with its number; the last key varies fastest.

    Optuna's own grid sampler counts finished trials, so parallel trials may be duplicates.

    Args:
        space: Choices, and ranges with a step.
    """

    def __init__(self, space: Mapping[str, BaseDistribution]) -> None:
        self._values = {key: grid_values(distribution) for key, distribution in space.items()}

    @staticmethod
    def problems(space: Mapping[str, BaseDistribution]) -> list[Problem]:
        """Return the problems of a space that cannot be a grid."""
        remedy = "list the values, or give a step"
        endless = [
            Problem(f"sweep.space.{key}", "a grid needs a finite number of values", remedy=remedy)
            for key, distribution in space.items()
            if isinstance(distribution, FloatDistribution)
            and not distribution.single()
            and not distribution.step
        ]
        if endless or n_combinations(space) <= MAX_COMBINATIONS:
            return endless
        message = (
            f"has {n_combinations(space):,} combinations, of which a grid visits at most {MAX_COMBINATIONS:,}"
        )
        return [Problem("sweep.space", message, remedy="use another sampler, or fewer values")]

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return nothing: each parameter follows from the number of the trial."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return nothing: each parameter follows from the number of the trial."""
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return the value of one key in the combination of a trial.

        Raises:
            RefusedError: All combinations have been given to earlier trials.
        """
        total = math.prod(len(values) for values in self._values.values())
        position = self._position(study, trial)
        if position >= total and "fixed_params" not in trial.system_attrs:
            raise RefusedError(f"All {total} combinations of the grid have been given to trials.")
        # Keys that an enqueued trial does not set come from the next combination, or from the first after the last.
        remaining = position % total
        for key, values in reversed(self._values.items()):
            remaining, index = divmod(remaining, len(values))
            if key == param_name:
                value = values[index]
        return value

    def _position(self, study: Study, trial: FrozenTrial) -> int:
        """Return the number of earlier trials that were not enqueued with their own parameters."""
        earlier = study._storage.get_all_trials(study._study_id, deepcopy=False)[: trial.number]
        return sum("fixed_params" not in other.system_attrs for other in earlier)


def n_combinations(space: Mapping[str, BaseDistribution]) -> int:
    """Return the number of combinations of a space that is a grid."""
    return math.prod(len(grid_values(distribution)) for distribution in space.values())


def grid_values(distribution: BaseDistribution) -> Sequence[Any]:
    """Return the values of a dimension in their order.

    Args:
        distribution: Choices, integers, or a range with a step.
    """
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices
    if isinstance(distribution, IntDistribution):
        return range(distribution.low, distribution.high + 1, distribution.step)
    assert isinstance(distribution, FloatDistribution)
    if distribution.single():
        return (distribution.low,)
    assert distribution.step is not None
    n_steps = round((distribution.high - distribution.low) / distribution.step)
    return [
        min(distribution.low + index * distribution.step, distribution.high) for index in range(n_steps + 1)
    ]
