"""Submitted jobs and their states, from their records, from Slurm and from their results."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rl_pipeline.search.launcher import JobState
from rl_pipeline.search.slurm import SUBMITIT, state_of
from rl_pipeline.search.slurm_commands import queue
from rl_pipeline.search.slurm_record import SlurmRecord, folders_of_records, read_records


@dataclass(frozen=True)
class SubmittedJob:
    """A job and the folder of its record.

    Attributes:
        record: What was submitted.
        folder: Folder of its record and result.
    """

    record: SlurmRecord
    folder: Path

    def is_called(self, name: str) -> bool:
        """Return whether the identifier belongs to this job or to its array."""
        return name in (self.record.job, self.record.job.partition("_")[0])

    def log(self) -> Path | None:
        """Return the log of its command; if it does not exist yet, the log of its start; otherwise None."""
        start = self.folder / SUBMITIT / f"{self.record.job}_0_log.out"
        return next((file for file in (Path(self.record.log), start) if file.is_file()), None)


@dataclass(frozen=True)
class Status:
    """State of a job.

    Attributes:
        state: State as in `Launcher`.
        detail: Slurm's state, and why the job waits or where it runs; empty for a job that has ended.
    """

    state: JobState
    detail: str

    @property
    def is_over(self) -> bool:
        """Whether the job has ended."""
        return self.state not in ("queued", "running")


def submitted_jobs(root: Path) -> list[SubmittedJob]:
    """List the jobs that were submitted for runs below a folder, the oldest first."""
    jobs = [
        SubmittedJob(record, folder) for folder in folders_of_records(root) for record in read_records(folder)
    ]
    return sorted(jobs, key=lambda job: job.record.age)


def statuses(jobs: Iterable[SubmittedJob]) -> list[tuple[SubmittedJob, Status]]:
    """Query the states of jobs.

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
