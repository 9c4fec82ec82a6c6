"""Interface of trackers, which keep a run's metrics, films and models."""

from collections.abc import Mapping
from pathlib import Path


class Writer:
    """One destination of a run's records, e.g. a CSV file, TensorBoard or W&B.

    A destination inherits from this class and implements what it can hold: every method does nothing unless
    it is overridden. `OSError` may be raised for a full disk or a lost connection; `Tracker` turns it into a
    warning.
    """

    def write(self, timestep: int, values: Mapping[str, float]) -> None:
        """Record metrics.

        Args:
            timestep: Timesteps (steps summed over environments) made so far.
            values: Metric name, e.g. `rollout/ep_rew_mean`, to value.
        """

    def film(self, name: str, path: Path, timestep: int) -> None:
        """Record a film.

        Args:
            name: What it shows, e.g. `video/evaluation`; films of one name form a series over the timesteps.
            path: A finished video file, which stays where it is.
            timestep: The age of the filmed policy in timesteps.
        """

    def artifact(self, name: str, path: Path, timestep: int, kind: str) -> None:
        """Record a file or folder, such as a checkpoint.

        Args:
            name: What it is called within its kind, e.g. `best` or `final`.
            path: The finished file or folder; it may change or vanish as soon as this method has returned.
            timestep: The age of its content in timesteps.
            kind: What it is, e.g. `model`.
        """

    def rewind(self, timestep: int) -> None:
        """Drop everything recorded after a timestep.

        Called before anything is written when a run resumes from a checkpoint older than its last record.

        Args:
            timestep: The last timestep whose records stay.
        """

    def flush(self) -> None:
        """Bring everything recorded so far to where it survives a kill of this process."""

    def close(self, status: str) -> None:
        """Finish; nothing is recorded after this.

        Args:
            status: How the run ended: `finished`, or anything else such as `failed` or `interrupted`.
        """
