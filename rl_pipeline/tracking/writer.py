"""Interface of trackers, which store a run's metrics, films and models."""

from collections.abc import Mapping
from pathlib import Path


class Writer:
    """One destination of a run's records, e.g. a CSV file, TensorBoard or W&B.

    A destination inherits from this class and implements the supported methods: every method does nothing unless
    it is overridden. `OSError` may be raised for a full disk or a lost connection; `Tracker` converts it to a
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
            name: Its name, e.g. `video/evaluation`; films of one name form a series over the timesteps.
            path: A finished video file, which is not moved.
            timestep: The age of the filmed policy in timesteps.
        """

    def artifact(self, name: str, path: Path, timestep: int, kind: str) -> None:
        """Record a file or folder, such as a checkpoint.

        Args:
            name: Its name within its kind, e.g. `best` or `final`.
            path: The finished file or folder; it may change or be removed after this method has returned.
            timestep: The age of its content in timesteps.
            kind: Its kind, e.g. `model`.
        """

    def rewind(self, timestep: int) -> None:
        """Drop everything recorded after a timestep.

        Called before anything is written when a run resumes from a checkpoint older than its last record.

        Args:
            timestep: The last timestep whose records are kept.
        """

    def flush(self) -> None:
        """Store all records so far so that they survive a kill of this process."""

    def close(self, status: str) -> None:
        """Finish; nothing is recorded after this.

        Args:
            status: Final status of the run: `finished`, or another one such as `failed` or `interrupted`.
        """
