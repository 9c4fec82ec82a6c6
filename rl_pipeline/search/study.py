"""The study of a sweep in Optuna's storage: it provides trials and records their results.

Only the driver of a sweep writes to it. It writes the data of a trial before it acts, so that the driver after a
kill finds everything that was started.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from rl_pipeline.config.schema import Config
from rl_pipeline.config.sweep import Sweep
from rl_pipeline.errors import RefusedError
from rl_pipeline.search.folder import SweepFolder, sweep_of
from rl_pipeline.search.pruning import make_pruner
from rl_pipeline.search.samplers import make_sampler
from rl_pipeline.search.space import decode, encode
from rl_pipeline.search.storage import open_storage
from rl_pipeline.search.trial import Trial, make_trial

EXTRA = "extra"
"""Attribute of trials that are added to `sweep.trials`: those that users enqueued, and repeated ones."""


@dataclass(frozen=True)
class SearchSpace:
    """Settings of the trials of a sweep.

    Attributes:
        space: The distribution of each key.
        sampler: The name of the sampler.
        n_trials: Number of trials, without additional ones.
        seeds: The seeds of each trial.
    """

    space: Mapping[str, BaseDistribution]
    sampler: str
    n_trials: int
    seeds: list[int]


def open_study_storage(folder: SweepFolder, sweep: Sweep) -> BaseStorage:
    """Open the storage of a sweep's study.

    Raises:
        RefusedError: The database cannot be reached.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return open_storage(sweep.storage or folder.journal)


class SweepStudy:
    """The trials of a sweep.

    Args:
        folder: The sweep's folder.
        config: Its configuration.
        search: Settings of its trials.
    """

    def __init__(self, folder: SweepFolder, config: Config, search: SearchSpace) -> None:
        self._sweep = sweep_of(config)
        self._search = search
        # Only the driver writes to the journal, so an existing lock belongs to a killed driver.
        folder.journal.with_name(f"{folder.journal.name}.lock").unlink(missing_ok=True)
        self.storage = open_study_storage(folder, self._sweep)
        self.study = self._open()

    def _open(self) -> optuna.Study:
        directions = [objective.direction for objective in self._sweep.objectives]
        name = self._sweep.name
        return optuna.create_study(
            storage=self.storage,
            study_name=name,
            directions=directions,
            pruner=make_pruner(self._sweep),
            load_if_exists=True,
        )

    def describe(self) -> str:
        """Describe the number of remaining trials, the sampler and the seeds."""
        search = self._search
        seeds = f", {len(search.seeds)} seeds each" if len(search.seeds) > 1 else ""
        done = sum(trial.state.is_finished() for trial in self.trials())
        left = f" ({done} done)" if done else ""
        return (
            f"{search.n_trials} trials{left} by {search.sampler}{seeds}, {self._sweep.workers} runs at a time"
        )

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        """List the trials that are in one of these states, or all."""
        return self.study.get_trials(deepcopy=False, states=states or None)

    def is_complete(self) -> bool:
        """Return whether no trial is left."""
        trials = self.trials()
        waiting = any(trial.state == TrialState.WAITING for trial in trials)
        n_extra = sum(bool(trial.user_attrs.get(EXTRA)) for trial in trials)
        return not waiting and len(trials) - n_extra >= self._search.n_trials

    def ask(self) -> Trial:
        """Start the next trial.

        Raises:
            ConfigError: The sampler cannot search this space.
            OSError: The disk is full.
        """
        trials = self.trials()
        number = next((one.number for one in trials if one.state == TrialState.WAITING), len(trials))
        self.study.sampler = self._sampler(number)
        trial = self.study.ask(dict(self._search.space))
        return self.take_up(self.storage.get_trial(trial._trial_id))

    def take_up(self, frozen: FrozenTrial) -> Trial:
        """Return a trial that was started; complete its data if the driver was killed meanwhile."""
        if frozen.state == TrialState.RUNNING and frozen.params.keys() != self._search.space.keys():
            frozen = self._with_all_parameters(frozen)
        parameters = decode({key: frozen.params[key] for key in self._search.space if key in frozen.params})
        name = self._sweep.name or ""
        trial = make_trial(
            frozen.number, frozen._trial_id, parameters, frozen.user_attrs, name, self._search.seeds
        )
        if frozen.user_attrs.get("name") != trial.name:
            self.storage.set_trial_user_attr(trial.id, "name", trial.name)
        return trial

    def save(self, trial: Trial) -> None:
        """Store the runs of a running trial, and its intended final state."""
        self.storage.set_trial_user_attr(trial.id, "runs", trial.plain_runs())
        if trial.error is not None:
            self.storage.set_trial_user_attr(trial.id, "error", trial.error)
        if trial.ending is not None:
            self.storage.set_trial_user_attr(trial.id, "ending", trial.ending)

    def report(self, trial: Trial, values: Sequence[float]) -> bool:
        """Report the evaluations of a trial so far, and return whether to prune it."""
        known = self.storage.get_trial(trial.id).intermediate_values
        for step, value in enumerate(values, start=1):
            if step not in known:
                self.storage.set_trial_intermediate_value(trial.id, step, value)
                if self.study.pruner.prune(self.study, self.storage.get_trial(trial.id)):
                    return True
        return False

    def tell(self, trial: Trial, state: TrialState, values: Sequence[float] | None = None) -> None:
        """End a trial, with the data of its runs."""
        self.save(trial)
        self.study.tell(trial.number, values, state)

    def enqueue(self, parameters: Mapping[str, object], **attributes: Any) -> None:
        """Enqueue an additional trial with these values, once for each `request` among the attributes."""
        request = attributes.get("request")
        if request is not None and any(one.user_attrs.get("request") == request for one in self.trials()):
            return
        encoded = {key: encode(value) for key, value in parameters.items()}
        self.study.enqueue_trial(encoded, user_attrs={EXTRA: True, **attributes})

    def retry_failed(self) -> int:
        """Enqueue the failed trials again, from their checkpoints; return their number."""
        again = {trial.user_attrs.get("retry_of") for trial in self.trials()}
        chosen = [trial for trial in self.trials(TrialState.FAIL) if trial.number not in again]
        for frozen in chosen:
            trial = self.take_up(frozen)
            for run in trial.runs:
                if run.status != "finished":
                    run.status, run.job = "waiting", None
            attributes = {"name": trial.name, "runs": trial.plain_runs(), "retry_of": frozen.number}
            self.enqueue(trial.parameters, **attributes)
        return len(chosen)

    def best(self) -> list[FrozenTrial]:
        """List the finished trials, the best first; of several objectives, those of the Pareto front."""
        finished = self.trials(TrialState.COMPLETE)
        if len(self.study.directions) > 1:
            return self.study.best_trials
        sign = -1 if self.study.direction == optuna.study.StudyDirection.MAXIMIZE else 1
        return sorted(finished, key=lambda one: (sign * (one.value or 0.0), one.number))

    def _sampler(self, number: int) -> optuna.samplers.BaseSampler:
        search = self._search
        options = self._sweep.sampler_options
        return make_sampler(search.sampler, self._sweep.seed, number, options, search.space, search.n_trials)

    def _with_all_parameters(self, frozen: FrozenTrial) -> FrozenTrial:
        """Draw the remaining parameters of a trial as they would have been drawn without the kill."""
        sampler = self.study.sampler = self._sampler(frozen.number)
        trial = optuna.Trial(self.study, frozen._trial_id)
        for key, distribution in self._search.space.items():
            if key in frozen.params:  # drawn again, so that the following draws are the same
                sampler.sample_independent(self.study, frozen, key, distribution)
            else:
                trial._suggest(key, distribution)
        return self.storage.get_trial(frozen._trial_id)


def refuse_taken_name(sweep: Sweep) -> None:
    """Refuse a new sweep if its database already has a study of this name.

    Raises:
        RefusedError: The study exists, or the database cannot be reached.
    """
    if sweep.storage is None:
        return
    storage, name = open_storage(sweep.storage), sweep.name
    if name in [study.study_name for study in storage.get_all_studies()]:
        raise RefusedError(f"sweep.storage already contains a study '{name}'; give another sweep.name")
