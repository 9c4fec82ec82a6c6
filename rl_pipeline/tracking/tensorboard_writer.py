"""A run's metrics as TensorBoard event files."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.tracking.writer import Writer

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TensorboardWriter(Writer):
    """Writes scalars, and for films the path of the file, as TensorBoard events.

    Films are not embedded: an event file with videos grows by megabytes and opens slowly.

    Args:
        folder: Folder of the event files, e.g. `tensorboard/` of a run; the first record creates it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: SummaryWriter | None = None
        self._purge_step: int | None = None

    def write(self, timestep: int, values: Mapping[str, float]) -> None:
        """Record every metric as a scalar."""
        for name, value in values.items():
            self._events().add_scalar(name, value, timestep)

    def film(self, name: str, path: Path, timestep: int) -> None:
        """Record the path of a film as a text."""
        self._events().add_text(name, f"`{path}`", timestep)

    def rewind(self, timestep: int) -> None:
        """Tell TensorBoard to hide everything after a timestep."""
        self.close("rewound")
        self._purge_step = timestep + 1
        self._wait_for_the_next_second()

    def flush(self) -> None:
        """Write all events to the event file."""
        if self._writer:
            self._writer.flush()

    def close(self, status: str) -> None:
        """Flush and close the event file."""
        if self._writer:
            self._writer.close()
            self._writer = None

    def _wait_for_the_next_second(self) -> None:
        """Wait until a new event file sorts behind the present ones, which carry their second in their names.

        TensorBoard reads files in the order of their names, and hides only what it has read before.
        """
        now = int(time.time())
        if list(self._folder.glob(f"events.out.tfevents.{now:010d}.*")):
            time.sleep(max(0.0, now + 1 - time.time()))

    def _events(self) -> "SummaryWriter":
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter  # imports torch, which takes a second

            self._writer = SummaryWriter(str(self._folder), purge_step=self._purge_step)
        return self._writer
