"""All checkpoints of a run: find one, find the newest good one, remove old ones, clean up after a kill."""

import logging
import math
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from rl_pipeline.atomic import remove_leftovers
from rl_pipeline.config.errors import nearest
from rl_pipeline.run.checkpoints import Checkpoint, CheckpointError, thin_out

logger = logging.getLogger(__name__)

STEP, TOP = re.compile(r"step_(\d+)$"), re.compile(r"top_(\d+)$")


def step_name(timestep: int) -> str:
    """Return the name of the checkpoint at a timestep; names sort like numbers."""
    return f"step_{timestep:09d}"


def top_name(timestep: int) -> str:
    """Return the name of one of the best checkpoints, evaluated at a timestep."""
    return f"top_{timestep:09d}"


@dataclass(frozen=True)
class CheckpointStore:
    """The `checkpoints` folder of a run.

    Attributes:
        folder: The folder; it need not exist.
    """

    folder: Path

    def steps(self) -> list[Checkpoint]:
        """List the step checkpoints, oldest first."""
        return self._matching(STEP)

    def history(self) -> list[Checkpoint]:
        """List the checkpoints in the order of training: init, steps, final."""
        return [*self._named("init"), *self.steps(), *self._named("final")]

    def top(self) -> list[Checkpoint]:
        """List the checkpoints that are kept for their mean return, greatest return first, then oldest first.

        Damaged checkpoints are left out with a warning.
        """
        returns: dict[Checkpoint, float] = {}
        for checkpoint in self._matching(TOP):
            try:
                returns[checkpoint] = checkpoint.mean_return
            except CheckpointError as error:
                logger.warning("%s; it is not compared with others", error)
        return sorted(returns, key=lambda checkpoint: -returns[checkpoint])

    def all(self) -> list[Checkpoint]:
        """List every checkpoint: those of `history`, then those that are kept for their mean return, `best` last."""
        return [*self.history(), *self._matching(TOP), *self._named("best")]

    def find(self, name: str) -> Checkpoint:
        """Find a checkpoint by its name, or by its timestep.

        Raises:
            CheckpointError: The checkpoint does not exist; the message lists the existing ones.
        """
        wanted = step_name(int(name)) if name.isdigit() else name
        names = [checkpoint.name for checkpoint in self.all()]
        if wanted in names:
            return Checkpoint(self.folder / wanted)
        close = nearest(wanted, names)
        hint = f" Did you mean '{close}'?" if close else ""
        raise CheckpointError(
            f"no checkpoint '{name}' in {self.folder}; existing: {', '.join(names) or 'none'}.{hint}"
        )

    def newest_good(self) -> Checkpoint | None:
        """Find the newest checkpoint to resume from; damaged ones are skipped with a warning.

        `final` is preferred to a step checkpoint of the same timestep: it contains why the training ended there.
        """
        usable = []
        for checkpoint in reversed(self.history()):
            try:
                if checkpoint.resumable:
                    usable.append((checkpoint.timestep, checkpoint))
            except CheckpointError as error:
                logger.warning("%s; it is skipped", error)
        for _, checkpoint in sorted(usable, key=lambda entry: entry[0], reverse=True):
            try:
                checkpoint.verify()
            except CheckpointError as error:
                logger.warning("%s; an older checkpoint is used", error)
                continue
            return checkpoint
        return None

    def keep_last(self, count: int) -> None:
        """Reduce all but the newest `count` step checkpoints to their policy."""
        for checkpoint in self.steps()[:-count]:
            if checkpoint.resumable:
                thin_out(checkpoint)

    def is_top(self, mean_return: float, count: int) -> bool:
        """Return whether a mean return is among the `count` greatest with those on disk; NaN never is."""
        kept = [checkpoint.mean_return for checkpoint in self.top()[:count]]
        return mean_return > kept[-1] if len(kept) == count else not math.isnan(mean_return)

    def keep_top(self, count: int) -> None:
        """Remove all but the `count` checkpoints with the greatest mean returns."""
        for checkpoint in self.top()[count:]:
            shutil.rmtree(checkpoint.path)

    def clean_up(self) -> None:
        """Remove incomplete checkpoints of a killed run, and restore those that it had renamed."""
        for set_aside in self.folder.glob(".*.old"):
            target = self.folder / set_aside.name.removeprefix(".").removesuffix(".old")
            if not target.exists():
                set_aside.rename(target)
        for leftover in [*self.folder.glob(".*.tmp"), *self.folder.glob(".*.old")]:
            shutil.rmtree(leftover)
        for checkpoint in self.all():
            remove_leftovers(checkpoint.path)

    def drop_after(self, timestep: int) -> None:
        """Remove checkpoints later than the timestep that a run resumes from; the run will write them again."""
        for checkpoint in [*self.steps(), *self._matching(TOP)]:
            if named_timestep(checkpoint) > timestep:
                shutil.rmtree(checkpoint.path)

    def _named(self, name: str) -> list[Checkpoint]:
        checkpoint = Checkpoint(self.folder / name)
        return [checkpoint] if checkpoint.path.is_dir() else []

    def _matching(self, pattern: re.Pattern[str]) -> list[Checkpoint]:
        """List the checkpoints with this form of name in the order of their timesteps."""
        if not self.folder.is_dir():
            return []
        paths = (path for path in self.folder.iterdir() if path.is_dir() and pattern.match(path.name))
        return sorted(map(Checkpoint, paths), key=named_timestep)


def named_timestep(checkpoint: Checkpoint) -> int:
    """Return the timestep in the name of a step or top checkpoint, without reading the checkpoint."""
    return int(checkpoint.name.rpartition("_")[2])
