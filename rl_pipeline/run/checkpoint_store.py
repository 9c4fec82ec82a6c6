"""All checkpoints of a run: find one, find the newest good one, thin out old ones, clean up after a kill."""

import logging
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from rl_pipeline.atomic import remove_leftovers
from rl_pipeline.config.errors import nearest
from rl_pipeline.run.checkpoints import Checkpoint, CheckpointError, thin_out

logger = logging.getLogger(__name__)

STEP = re.compile(r"step_(\d+)$")


def step_name(timestep: int) -> str:
    """Give the name of the checkpoint after so many timesteps; names sort like numbers."""
    return f"step_{timestep:09d}"


@dataclass(frozen=True)
class CheckpointStore:
    """The `checkpoints` folder of a run.

    Attributes:
        folder: The folder; it need not exist.
    """

    folder: Path

    def steps(self) -> list[Checkpoint]:
        """List the step checkpoints, oldest first."""
        return sorted(self._matching(STEP), key=lambda checkpoint: int(checkpoint.name.removeprefix("step_")))

    def all(self) -> list[Checkpoint]:
        """List every checkpoint in the order of training: init, steps, final; best last."""
        named = {name: Checkpoint(self.folder / name) for name in ("init", "final", "best")}
        there = {name: checkpoint for name, checkpoint in named.items() if checkpoint.path.is_dir()}
        ordered = [there.get("init"), *self.steps(), there.get("final"), there.get("best")]
        return [checkpoint for checkpoint in ordered if checkpoint is not None]

    def find(self, name: str) -> Checkpoint:
        """Find a checkpoint by its name, or by its timestep.

        Raises:
            CheckpointError: There is none of this name; the text lists those that are there.
        """
        wanted = step_name(int(name)) if name.isdigit() else name
        names = [checkpoint.name for checkpoint in self.all()]
        if wanted in names:
            return Checkpoint(self.folder / wanted)
        close = nearest(wanted, names)
        hint = f" Did you mean '{close}'?" if close else ""
        raise CheckpointError(
            f"no checkpoint '{name}' in {self.folder}; there are: {', '.join(names) or 'none'}.{hint}"
        )

    def newest_good(self) -> Checkpoint | None:
        """Find the newest checkpoint to resume from; damaged ones are named and passed over.

        `final` is preferred to a step checkpoint of the same timestep: it says why the training ended there.
        """
        candidates = [checkpoint for checkpoint in reversed(self.all()) if checkpoint.name != "best"]
        usable = []
        for checkpoint in candidates:
            try:
                if checkpoint.resumable:
                    usable.append((checkpoint.timestep, checkpoint))
            except CheckpointError as error:
                logger.warning("%s; it is passed over", error)
        for _, checkpoint in sorted(usable, key=lambda entry: entry[0], reverse=True):
            try:
                checkpoint.verify()
            except CheckpointError as error:
                logger.warning("%s; an older checkpoint is used", error)
                continue
            return checkpoint
        return None

    def keep_last(self, count: int) -> None:
        """Thin out all but the newest `count` step checkpoints to their policy."""
        for checkpoint in self.steps()[:-count]:
            if checkpoint.resumable:
                thin_out(checkpoint)

    def clean_up(self) -> None:
        """Remove what a killed run left half written, and bring back what it had set aside."""
        for set_aside in self.folder.glob(".*.old"):
            target = self.folder / set_aside.name.removeprefix(".").removesuffix(".old")
            if not target.exists():
                set_aside.rename(target)
        for leftover in [*self.folder.glob(".*.tmp"), *self.folder.glob(".*.old")]:
            shutil.rmtree(leftover)
        for checkpoint in self.all():
            remove_leftovers(checkpoint.path)

    def drop_after(self, timestep: int) -> None:
        """Remove step checkpoints later than a timestep that a run resumes from; it will write them anew."""
        for checkpoint in self.steps():
            if int(checkpoint.name.removeprefix("step_")) > timestep:
                shutil.rmtree(checkpoint.path)

    def _matching(self, pattern: re.Pattern[str]) -> list[Checkpoint]:
        if not self.folder.is_dir():
            return []
        return [
            Checkpoint(path) for path in self.folder.iterdir() if path.is_dir() and pattern.match(path.name)
        ]
