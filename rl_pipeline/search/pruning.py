"""Early stopping of trials: Optuna's pruners, fed with the evaluations of their runs."""

import inspect
from collections.abc import Sequence

import numpy as np
import optuna

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.config.sweep import Objective, Sweep
from rl_pipeline.search.objective import RunData, evaluations

PRUNERS: dict[str, type[optuna.pruners.BasePruner]] = {
    "none": optuna.pruners.NopPruner,
    "median": optuna.pruners.MedianPruner,
    "hyperband": optuna.pruners.HyperbandPruner,
}


def make_pruner(sweep: Sweep) -> optuna.pruners.BasePruner:
    """Make the pruner of a sweep.

    Raises:
        ConfigError: The pruner does not take an option or its value.
    """
    key, pruner = "sweep.pruner_options", PRUNERS[sweep.pruner]
    valid = [name for name in inspect.signature(pruner.__init__).parameters if name != "self"]
    unknown = [name for name in sweep.pruner_options if name not in valid]
    if unknown:
        message = f"the pruner {sweep.pruner} does not have this option"
        problems = [
            Problem(f"{key}.{name}", message, valid=valid, nearest=nearest(name, valid)) for name in unknown
        ]
        raise ConfigError(problems)
    try:
        return pruner(**sweep.pruner_options)
    except (TypeError, ValueError) as error:
        raise ConfigError([Problem(key, str(error), sweep.pruner_options)]) from error


def intermediate_values(objective: Objective, runs: Sequence[RunData]) -> list[float]:
    """Return the values that a pruner compares: for each evaluation, the mean over the runs of a trial.

    An evaluation counts when all given runs have made it. Leave out runs that have not started; otherwise, nothing
    could be pruned before the last seed.
    """
    curves = [evaluations(objective, run) for run in runs]
    length = min((len(curve) for curve in curves), default=0)
    return [float(value) for value in np.mean([curve[:length] for curve in curves], axis=0)] if length else []
