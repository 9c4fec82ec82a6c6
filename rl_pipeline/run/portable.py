"""A copy of a run without its experience: enough to play, evaluate and export its policies elsewhere."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.checkpoints import thin_out
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.user_code import FOLDER

PORTABLE_CHECKPOINTS = ("best", "final")


@contextmanager
def portable_run(run: RunFolder) -> Iterator[Path]:
    """Make a small, temporary copy of a run, with the policies of its best and final checkpoint.

    Args:
        run: A run that has ended.

    Yields:
        The folder of the copy, which every command accepts as a run.
    """
    with tempfile.TemporaryDirectory(prefix="rl_pipeline_") as name:
        copy = RunFolder(Path(name))
        for file in (run.config, run.metadata, run.model, run.vec_normalize, run.exported, run.parity):
            if file.exists():  # version 0.1.0 wrote no vecnormalize.pkl, and not every policy is exported
                shutil.copy2(file, copy.path / file.name)
        if (run.path / FOLDER).is_dir():
            shutil.copytree(run.path / FOLDER, copy.path / FOLDER)
        for checkpoint in CheckpointStore(run.checkpoints).all():
            if checkpoint.name in PORTABLE_CHECKPOINTS:
                shutil.copytree(checkpoint.path, copy.checkpoints / checkpoint.name)
        for checkpoint in CheckpointStore(copy.checkpoints).all():
            thin_out(checkpoint)
        yield copy.path
