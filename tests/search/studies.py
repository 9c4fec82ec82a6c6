"""Studies for tests of searches: a space, an objective, and a search that is killed and reopened."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from rl_pipeline.search.samplers import make_sampler

RANGES: dict[str, BaseDistribution] = {
    "rate": FloatDistribution(1e-5, 1e-2, log=True),
    "gamma": FloatDistribution(0.9, 0.99, step=0.03),
    "steps": IntDistribution(64, 256, step=64),
    "batch": IntDistribution(8, 512, log=True),
    "clip": FloatDistribution(-1.0, 1.0),
}
SPACE: dict[str, BaseDistribution] = RANGES | {
    "net": CategoricalDistribution(["[64, 64]", "[256, 256]", None]),
    "one": IntDistribution(3, 3),
}


def loss(parameters: Mapping[str, object]) -> float:
    """Return a number that depends on each parameter."""
    return sum(
        (position + 1) * (float(value) if isinstance(value, int | float) else len(str(value)) / 10)
        for position, value in enumerate(parameters.values())
    )


def open_journal(file: Path) -> optuna.Study:
    """Open the study of a journal as a new process does, or create it."""
    storage = JournalStorage(JournalFileBackend(str(file)))
    return optuna.create_study(study_name="search", storage=storage, load_if_exists=True)


class Search:
    """A driver in small: asks with a new sampler each time, and may forget all but the storage.

    Args:
        open_study: Opens the study anew.
        sampler: Name of the sampler, and its options.
        space: What is searched.
        n_trials: Number of trials of the search.
    """

    def __init__(
        self,
        open_study: Callable[[], optuna.Study],
        sampler: tuple[str, Mapping[str, object]],
        space: Mapping[str, BaseDistribution] = SPACE,
        n_trials: int = 40,
    ) -> None:
        self._open, self._sampler, self._space, self._n_trials = open_study, sampler, space, n_trials
        self.study = open_study()

    def kill(self) -> None:
        """Forget everything that is not stored."""
        self.study = self._open()
        random.seed()

    def ask(self) -> dict[str, object]:
        """Return the parameters of a new trial."""
        name, options = self._sampler
        number = len(self.study.get_trials(deepcopy=False))
        self.study.sampler = make_sampler(name, 7, number, options, self._space, self._n_trials)
        return self.study.ask(fixed_distributions=dict(self._space)).params

    def tell(self, number: int) -> None:
        """Finish a trial with the loss of its parameters."""
        self.study.tell(number, loss(self.study.trials[number].params))
