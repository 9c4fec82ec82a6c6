"""Records of submitted jobs, with which any later shell finds them."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import get_args

from rl_pipeline.atomic import atomic_write
from rl_pipeline.search.launcher import JobState, Work

FOLDER = ".jobs"
"""Name of a folder of records: below the root of all runs, and below the folder of a sweep."""
ENDING = ".job.json"


@dataclass(frozen=True)
class SlurmRecord:
    """A submitted job.

    Attributes:
        job: Slurm's identifier.
        name: Short name.
        command: Command line.
        log: File that receives its output.
        submitted: Time in ISO 8601.
    """

    job: str
    name: str
    command: tuple[str, ...]
    log: str
    submitted: str

    @property
    def age(self) -> tuple[str, list[int]]:
        """Sort key of jobs, the oldest first."""
        return self.submitted, [int(part) for part in self.job.split("_") if part.isdigit()]

    @classmethod
    def of(cls, job: str, work: Work) -> "SlurmRecord":
        """Describe a job that was submitted now."""
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        return cls(job, work.name, work.command, str(work.log.absolute()), now)


def write_record(folder: Path, record: SlurmRecord) -> None:
    """Keep a record."""
    with atomic_write(folder / f"{record.job}{ENDING}", mode="w") as file:
        json.dump(asdict(record), file, indent=2)


def read_records(folder: Path) -> list[SlurmRecord]:
    """Read the records of a folder; other files are skipped."""
    records = [_read(file) for file in folder.glob(f"*{ENDING}")]
    return [record for record in records if record is not None]


def folders_of_records(root: Path) -> Iterable[Path]:
    """List the folders of records below the root of all runs: its own, and those of its sweeps."""
    return [folder for folder in (root / FOLDER, *sorted(root.glob(f"*/{FOLDER}"))) if folder.is_dir()]


def result_file(folder: Path, job: str) -> Path:
    """Return the file for the result of a job."""
    return folder / f"{job}.result.json"


def read_result(folder: Path, job: str) -> JobState | None:
    """Return the result that a job wrote; None if it wrote none."""
    if folder.is_dir():
        folder.chmod(folder.stat().st_mode)  # makes NFS read the folder again
    try:
        state = json.loads(result_file(folder, job).read_text())["state"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return state if state in get_args(JobState) else None


def write_result(folder: Path, job: str, state: JobState, status: int) -> None:
    """Write the result of a job."""
    with atomic_write(result_file(folder, job), mode="w") as file:
        json.dump({"state": state, "status": status}, file)


def _read(file: Path) -> SlurmRecord | None:
    try:
        content = json.loads(file.read_text())
        return SlurmRecord(**{**content, "command": tuple(content["command"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
