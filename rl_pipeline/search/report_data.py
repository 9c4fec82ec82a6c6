"""Data of a report: the trials of a study as rows, the best of them, and the importance of each parameter."""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from rl_pipeline.plotting.interval import mean_interval
from rl_pipeline.search.space import decode
from rl_pipeline.search.status import STATES


@dataclass(frozen=True)
class Row:
    """A trial.

    Attributes:
        number: Number of the trial.
        state: One of the words of `status.STATES`.
        parameters: Its values of the searched keys, as they are written in YAML.
        stored: The same as the storage holds them.
        values: A value for each objective; empty without a result.
        half_widths: Half of the 95 % interval over the seeds for each objective; None with fewer than two seeds.
        minutes: Minutes of all its runs.
        folder: Its folder, relative to that of the sweep; empty if it has none.
        runs: Folders of its runs, relative to that of the sweep.
        reported: Values that were reported while it ran, by step.
    """

    number: int
    state: str
    parameters: Mapping[str, object]
    stored: Mapping[str, Any]
    values: Sequence[float]
    half_widths: Sequence[float | None]
    minutes: float | None
    folder: str
    runs: Sequence[str]
    reported: Mapping[int, float]

    @property
    def is_finished(self) -> bool:
        """Whether it has finished and has a value."""
        return self.state == "finished"


@dataclass(frozen=True)
class Objective:
    """An objective of the search."""

    name: str
    maximize: bool


@dataclass(frozen=True)
class Results:
    """Data of a study for the report.

    Attributes:
        name: Name of the study.
        objectives: The objectives, at least one.
        rows: All trials by number.
        best: Numbers of the best trials: one, or those of the Pareto front; none before a trial finished.
        space: The distributions of the searched keys.
        study: The study itself.
    """

    name: str
    objectives: Sequence[Objective]
    rows: Sequence[Row]
    best: Sequence[int]
    space: Mapping[str, BaseDistribution]
    study: optuna.Study

    @property
    def finished(self) -> list[Row]:
        """Return the trials that finished, by number."""
        return [row for row in self.rows if row.is_finished]

    def counts(self) -> dict[str, int]:
        """Return the number of trials in each state that occurs."""
        states = [row.state for row in self.rows]
        return {state: states.count(state) for state in STATES.values() if state in states}


def results_of(study: optuna.Study, names: Sequence[str] = ()) -> Results:
    """Collect the data of a study for the report.

    Args:
        study: The study.
        names: Names of the objectives; empty counts them.
    """
    trials = study.get_trials(deepcopy=False)
    names = names or [f"objective {number}" for number, _ in enumerate(study.directions, start=1)]
    directions = zip(names, study.directions, strict=True)
    space: dict[str, BaseDistribution] = {}
    for trial in trials:
        space |= trial.distributions
    is_any_finished = any(trial.state == TrialState.COMPLETE for trial in trials)
    return Results(
        name=study.study_name,
        objectives=[Objective(name, direction == StudyDirection.MAXIMIZE) for name, direction in directions],
        rows=[_row(trial) for trial in trials],
        best=[trial.number for trial in study.best_trials] if is_any_finished else [],
        space=space,
        study=study,
    )


def importances(results: Results, objective: int) -> dict[str, float] | str:
    """Return the importance of each parameter for an objective, or why it is unknown.

    PED-ANOVA compares the distributions of the best trials and of all trials (Watanabe, Bansal and Hutter, 2023).
    """
    values = [row.values[objective] for row in results.finished]
    if len(values) < 4 or len(set(values)) < 2:
        return "needs four finished trials with different values"
    # The best tenth, but at least five trials.
    best_part = min(0.5, max(0.1, 5 / len(values)))
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=best_part)
    sign = 1 if not results.objectives[objective].maximize else -1
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", "PedAnovaImportanceEvaluator computes"
            )  # the sign takes care of that
            found = optuna.importance.get_param_importances(
                results.study, evaluator=evaluator, target=lambda trial: sign * trial.values[objective]
            )
    except (RuntimeError, ValueError) as error:
        return str(error)
    return {name: value for name, value in found.items() if math.isfinite(value)}


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Return the shortest unique suffixes of dotted keys."""
    short: dict[str, str] = {}
    for key in keys:
        parts = key.split(".")
        ends = [".".join(parts[-length:]) for length in range(1, len(parts) + 1)]
        others = [f".{other}" for other in keys if other != key]
        unique = (end for end in ends if not any(other.endswith(f".{end}") for other in others))
        short[key] = next(unique, key)
    return short


def _row(trial: FrozenTrial) -> Row:
    runs = [run for run in trial.user_attrs.get("runs", []) if isinstance(run, dict)]
    minutes = [run["minutes"] for run in runs if isinstance(run.get("minutes"), int | float)]
    folders = [str(run["folder"]) for run in runs if run.get("folder")]
    values = list(trial.values or []) if trial.state in (TrialState.COMPLETE, TrialState.PRUNED) else []
    return Row(
        number=trial.number,
        state=STATES[trial.state],
        parameters=decode(trial.params),
        stored=trial.params,
        values=values,
        half_widths=[_half_width(runs, index) for index in range(len(values))],
        minutes=sum(minutes) if minutes else None,
        folder=str(trial.user_attrs.get("name") or (folders[0].split("/")[0] if folders else "")),
        runs=folders,
        reported={step: value for step, value in trial.intermediate_values.items() if math.isfinite(value)},
    )


def _half_width(runs: Sequence[Mapping[str, Any]], objective: int) -> float | None:
    """Return half of the interval over the seeds whose runs have a value."""
    per_seed = [run["values"][objective] for run in runs if len(run.get("values") or []) > objective]
    if len(per_seed) < 2:
        return None
    _, half = mean_interval(np.array(per_seed, dtype=np.float64)[:, None])
    return float(half[0])
