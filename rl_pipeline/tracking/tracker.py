"""Distribution of a run's records to all of its writers; a failing writer does not stop the run."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rl_pipeline.tracking.writer import Writer


class Tracker(Writer):
    """Sends every record to several writers.

    If a writer raises `OSError` (full disk, lost network), one warning is logged and the writer is tried again
    with the next record; the training continues and the other writers get everything. Any other exception is a
    bug and is not caught.

    Args:
        writers: The writers, in this order.
    """

    def __init__(self, writers: Sequence[Writer]) -> None:
        self._writers = list(writers)
        self._warned: set[int] = set()

    def write(self, timestep: int, values: Mapping[str, float]) -> None:
        """Record metrics in all writers."""
        self._for_each(lambda writer: writer.write(timestep, values))

    def film(self, name: str, path: Path, timestep: int) -> None:
        """Record a film in all writers."""
        self._for_each(lambda writer: writer.film(name, path, timestep))

    def artifact(self, name: str, path: Path, timestep: int, kind: str) -> None:
        """Record a file or folder in all writers."""
        self._for_each(lambda writer: writer.artifact(name, path, timestep, kind))

    def rewind(self, timestep: int) -> None:
        """Drop everything after a timestep from all writers."""
        self._for_each(lambda writer: writer.rewind(timestep))

    def flush(self) -> None:
        """Flush all writers."""
        self._for_each(lambda writer: writer.flush())

    def close(self, status: str) -> None:
        """Close all writers."""
        self._for_each(lambda writer: writer.close(status))

    def _for_each(self, record: Callable[[Writer], None]) -> None:
        for index, writer in enumerate(self._writers):
            try:
                record(writer)
            except OSError as error:
                self._warn_once(index, error)

    def _warn_once(self, index: int, error: OSError) -> None:
        if index in self._warned:
            return
        self._warned.add(index)
        warnings.warn(
            f"{type(self._writers[index]).__name__} could not record: {error}. The training continues; "
            "records are missing there until the cause is fixed. This warning is shown once.",
            RuntimeWarning,
            stacklevel=4,
        )
