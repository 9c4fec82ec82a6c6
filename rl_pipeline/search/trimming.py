"""Deletion of files that only the best trials of a sweep keep."""

import shutil
from collections.abc import Iterable
from contextlib import suppress

from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.checkpoints import CheckpointError, thin_out
from rl_pipeline.run.folder import RunBusyError, RunFolder


def trim(runs: Iterable[RunFolder]) -> None:
    """Remove all but the best and the last policy of some runs, which can still be played but not resumed.

    A run that is being trained is skipped. After a kill, a run can be trimmed again.
    """
    for run in runs:
        if run.config.exists():
            with suppress(RunBusyError), run.locked():
                _trim(CheckpointStore(run.checkpoints))


def _trim(store: CheckpointStore) -> None:
    store.clean_up()
    history = store.history()
    last = next((one for one in history if one.name == "final"), history[-1] if history else None)
    if last is not None:
        for checkpoint in store.all():
            if checkpoint.name not in ("best", last.name):
                shutil.rmtree(checkpoint.path)
        try:
            if last.resumable:
                thin_out(last)
        except CheckpointError:
            return  # a damaged run is kept for its user
