"""Status of a sweep for the user: progress, result and next commands."""

from collections import Counter
from collections.abc import Sequence

import optuna
from optuna.trial import FrozenTrial, TrialState

from rl_pipeline.run.conclusion import shown
from rl_pipeline.search.folder import SweepFolder, sweep_of
from rl_pipeline.search.settings import search_space
from rl_pipeline.search.space import decode
from rl_pipeline.search.study import open_study_storage
from rl_pipeline.search.trial import Trial, make_trial

STATES = {
    TrialState.COMPLETE: "finished",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def overview(folder: SweepFolder) -> str:
    """Describe the progress of a sweep, with or without a running driver.

    Raises:
        RefusedError: Its database cannot be reached.
    """
    config = folder.load()
    sweep = sweep_of(config)
    storage = open_study_storage(folder, sweep)
    names = [study.study_name for study in storage.get_all_studies()]
    trials: list[FrozenTrial] = []
    if sweep.name in names:
        trials = optuna.load_study(study_name=sweep.name, storage=storage).get_trials(deepcopy=False)
    driver = "its driver is running" if folder.is_locked() else "no driver is running"
    head = f"{shown(folder.path)}: {_counts(trials)} of {search_space(config).n_trials} trials; {driver}"
    return "\n".join([head, *(_row(folder, trial) for trial in trials)])


def ending(trial: Trial, state: TrialState, values: Sequence[float] | None, best: int | None) -> str:
    """Describe the end of a trial.

    Args:
        trial: The trial.
        state: Its final state.
        values: Its objectives, if it was finished.
        best: Number of the best trial so far.
    """
    if state == TrialState.COMPLETE:
        listed = ", ".join(f"{value:.6g}" for value in values or ())
        return f"{trial.title}: {listed}; best so far: trial {best}"
    if state == TrialState.PRUNED:
        return f"{trial.title}: pruned"
    return f"{trial.title}: failed\n{trial.error}"


def conclusion(
    folder: SweepFolder, trials: Sequence[FrozenTrial], best: Sequence[FrozenTrial], reason: str | None
) -> str:
    """Describe the end of a search, with the next commands.

    Args:
        folder: The sweep's folder.
        trials: Its trials.
        best: The finished ones, the best first.
        reason: Why it was stopped; None if it was not.
    """
    name = shown(folder.path)
    head = f"stopped ({reason}): {_counts(trials)}" if reason else f"done: {_counts(trials)}"
    lines = [head]
    if best:
        path = shown(folder.path / best[0].user_attrs["name"])
        run = best[0].user_attrs["runs"][0]["folder"]
        lines += [
            f"best: trial {best[0].number}, {_values(best[0])}",
            f"  train it again   rl-pipeline train --config {path}/trial.yaml",
            f"  watch it         rl-pipeline play {shown(folder.path / run)}",
            f"  report           rl-pipeline sweep report {name}",
        ]
    if reason:
        lines.append(f"  resume           rl-pipeline sweep --resume {name}")
    elif any(trial.state == TrialState.FAIL for trial in trials):
        lines.append(f"  retry failures   rl-pipeline sweep --resume {name} --retry-failed")
    return "\n".join(lines)


def _counts(trials: Sequence[FrozenTrial]) -> str:
    counts = Counter(trial.state for trial in trials)
    return ", ".join(f"{counts[state]} {word}" for state, word in STATES.items() if counts[state]) or "0"


def _values(frozen: FrozenTrial) -> str:
    return ", ".join(f"{value:.6g}" for value in frozen.values or ())


def _row(folder: SweepFolder, frozen: FrozenTrial) -> str:
    trial = make_trial(frozen.number, frozen._trial_id, decode(frozen.params), frozen.user_attrs, "", [])
    row = f"  {trial.title}: {STATES[frozen.state]}"
    if frozen.state == TrialState.COMPLETE:
        return f"{row}, {_values(frozen)}"
    if frozen.state == TrialState.FAIL:
        return f"{row}, {str(trial.error).strip().splitlines()[-1]}"
    if frozen.state == TrialState.RUNNING:
        runs = (f"seed {run.seed} {run.status} at {run.newest_timestep(folder.path):,}" for run in trial.runs)
        return f"{row}: {', '.join(runs)}"
    return row
