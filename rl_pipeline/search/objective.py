"""The value of a trial: the numbers that a search optimizes, calculated from the records of its runs."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.config.sweep import AtMinutes, MeanOfLast, Objective
from rl_pipeline.errors import UserError
from rl_pipeline.own_modules import import_own_file
from rl_pipeline.run.user_code import FILE_CLASS
from rl_pipeline.tracking.csv_file import MINUTES, Series


class NoValueError(UserError):
    """Raised when a trial has no value: a metric is missing or not finite."""


@dataclass(frozen=True)
class RunData:
    """The records of a run, as a user's objective gets them.

    Attributes:
        folder: Its folder.
        seed: Its seed.
        parameters: The values of its trial.
        metrics: The values of each metric over timesteps; `time/minutes` holds the minutes of training.
    """

    folder: Path
    seed: int
    parameters: dict[str, object]
    metrics: dict[str, Series]


ObjectiveFunction = Callable[[Sequence[RunData]], float]


def value_of_run(objective: Objective, run: RunData) -> float | None:
    """Calculate one run's value of an objective; None for a user's function, which needs all runs.

    Raises:
        NoValueError: The run has not recorded the metric.
    """
    if is_function(objective):
        return None
    series = run.metrics.get(objective.metric)
    if series is None:
        close = nearest(objective.metric, run.metrics)
        hint = f"; did you mean {close}?" if close else ""
        raise NoValueError(
            f"{run.folder.name} has recorded no {objective.metric}; it has {', '.join(sorted(run.metrics))}{hint}"
        )
    match objective.at:
        case MeanOfLast(last=count):
            return float(np.mean(series.values[-count:]))
        case AtMinutes(minutes=minutes):
            return _after(minutes, series, run)
        case "best":
            trained = _after_the_start(series).values
            return float(trained.max() if objective.direction == "maximize" else trained.min())
    return float(series.values[-1])


def values_of_trial(objectives: Sequence[Objective], runs: Sequence[RunData]) -> list[float]:
    """Calculate a trial's value of each objective: the mean over its runs, or the result of a user's function.

    Raises:
        NoValueError: A value is missing or not finite, or the function failed.
    """
    return [_value_of_trial(objective, runs) for objective in objectives]


def evaluations(objective: Objective, run: RunData) -> NDArray[np.float64]:
    """Return the values of an objective's metric that a run has recorded since training began."""
    series = run.metrics.get(objective.metric)
    return np.array([]) if series is None else series.values[series.timesteps > 0]


def is_function(objective: Objective) -> bool:
    """Return whether an objective is a user's function."""
    return FILE_CLASS.fullmatch(objective.metric) is not None


def check_objective(objective: Objective, n_evaluations: int) -> None:
    """Check an objective before the first trial.

    Args:
        objective: The objective.
        n_evaluations: Number of evaluations in a run.

    Raises:
        ConfigError: The function does not exist, or nothing will be evaluated.
    """
    key = "sweep.objective.metric"
    if is_function(objective):
        _find_function(objective)
    elif ".py" in objective.metric:
        remedy = "write path/to/file.py:function"
        raise ConfigError([Problem(key, "names no function", objective.metric, remedy=remedy)])
    elif objective.metric.startswith("eval/") and n_evaluations == 0:
        remedy = "set training.training.eval.num_evals, or use a metric of the training such as rollout/ep_rew_mean"
        message = "is recorded by evaluations, and the experiment makes none"
        raise ConfigError([Problem(key, message, objective.metric, remedy=remedy)])


def _value_of_trial(objective: Objective, runs: Sequence[RunData]) -> float:
    if is_function(objective):
        value = _call(objective, runs)
    else:
        value = float(np.mean([value_of_run(objective, run) for run in runs]))
    if not np.isfinite(value):
        raise NoValueError(f"{objective.metric} is {value}")
    return value


def _after(minutes: float, series: Series, run: RunData) -> float:
    """Interpolate a metric at a time; before its first and after its last value, it is constant."""
    clock = run.metrics.get(MINUTES)
    if clock is None:
        raise NoValueError(f"{run.folder.name} has recorded no {MINUTES}")
    at = np.interp(series.timesteps, clock.timesteps, clock.values)
    return float(np.interp(minutes, at, series.values))


def _after_the_start(series: Series) -> Series:
    """Leave out the evaluation of the untrained policy, unless there is no other."""
    trained = series.timesteps > 0
    return Series(series.timesteps[trained], series.values[trained]) if trained.any() else series


def _call(objective: Objective, runs: Sequence[RunData]) -> float:
    try:
        return float(_find_function(objective)(runs))
    except Exception as error:  # a user's code may raise anything
        raise NoValueError(f"{objective.metric} failed: {error!r}") from error


def _find_function(objective: Objective) -> ObjectiveFunction:
    key = "sweep.objective.metric"
    match = FILE_CLASS.fullmatch(objective.metric)
    assert match is not None
    path = Path(match["file"]).expanduser().resolve()
    if not path.is_file():
        remedy = "paths are relative to the working folder"
        raise ConfigError([Problem(key, f"the file {path} does not exist", objective.metric, remedy=remedy)])
    module = import_own_file(path)
    function: ObjectiveFunction | None = getattr(module, match["name"], None)
    if not callable(function):
        names = [name for name, value in vars(module).items() if inspect.isfunction(value)]
        message = f"{path.name} has no function {match['name']}"
        close = nearest(match["name"], names)
        raise ConfigError([Problem(key, message, objective.metric, valid=names, nearest=close)])
    return function
