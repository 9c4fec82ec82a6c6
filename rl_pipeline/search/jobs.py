"""Jobs that were submitted from here, with what their records, Slurm and they themselves say."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rl_pipeline.search.launcher import JobState
from rl_pipeline.search.slurm import SUBMITIT, state_of
from rl_pipeline.search.slurm_commands import queue
from rl_pipeline.search.slurm_record import SlurmRecord, folders_of_records, read_records


@dataclass(frozen=True)
class SubmittedJob:
    """A job and where its record lies.

    Attributes:
        record: What was submitted.
        folder: Folder of its record and result.
    """

    record: SlurmRecord
    folder: Path

    def is_called(self, name: str) -> bool:
        """Tell whether this is the job of an identifier, or a task of its array."""
        return name in (self.record.job, self.record.job.partition("_")[0])

    def log(self) -> Path | None:
        """Return the log of its command; before that exists, the log of its start; None before that."""
        start = self.folder / SUBMITIT / f"{self.record.job}_0_log.out"
        return next((file for file in (Path(self.record.log), start) if file.is_file()), None)


@dataclass(frozen=True)
class Status:
    """How a job stands.

    Attributes:
        state: As a `Launcher` says it.
        detail: Slurm's state, and why the job waits or where it runs; empty for a job that is over.
    """

    state: JobState
    detail: str

    @property
    def is_over(self) -> bool:
        """Whether the job does not run any more."""
        return self.state not in ("queued", "running")


def submitted_jobs(root: Path) -> list[SubmittedJob]:
    """List the jobs that were submitted for runs below a folder, the oldest first."""
    jobs = [
        SubmittedJob(record, folder) for folder in folders_of_records(root) for record in read_records(folder)
    ]
    return sorted(jobs, key=lambda job: job.record.age)


def statuses(jobs: Iterable[SubmittedJob]) -> list[tuple[SubmittedJob, Status]]:
    """Ask how jobs stand.

    Raises:
        RefusedError: Slurm is not installed here.
        UnreachableError: Slurm's controller does not answer.
    """
    queued = queue()
    found = []
    for job in jobs:
        entry = queued.get(job.record.job)
        detail = f"{entry.state} {entry.reason}" if entry else ""
        found.append((job, Status(state_of(job.record.job, job.folder, entry), detail)))
    return found
