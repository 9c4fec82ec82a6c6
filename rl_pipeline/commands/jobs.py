"""`rl-pipeline jobs`: list, read and cancel the jobs of a cluster."""

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.errors import RefusedError

if TYPE_CHECKING:
    from rl_pipeline.search.jobs import SubmittedJob

NAME = "jobs"
HELP = "list, read and cancel the jobs of a cluster"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    commands = parser.add_subparsers(dest="jobs_command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="list jobs", description="list jobs and their states")
    logs = commands.add_parser("logs", help="print a log", description="print the output of a job")
    cancel = commands.add_parser("cancel", help="cancel jobs", description="ask jobs to save and stop")
    for command in (listing, logs, cancel):
        command.add_argument(
            "--folder",
            type=Path,
            default=Path("experiments"),
            help="root folder of all runs (default experiments)",
        )
    listing.add_argument("--active", action="store_true", help="leave out jobs that have ended")
    logs.add_argument("job", metavar="JOB", help="identifier of a job, as `jobs list` prints it")
    cancel.add_argument("jobs", nargs="+", metavar="JOB", help="identifiers of jobs, or `all`")
    cancel.add_argument(
        "--at-once", action="store_true", help="stop without waiting until the training has saved"
    )


def run(options: argparse.Namespace) -> None:
    """List, print or cancel.

    Raises:
        RefusedError: The job does not exist, or Slurm is not installed.
    """
    {"list": list_jobs, "logs": print_log, "cancel": cancel_jobs}[options.jobs_command](options)


def list_jobs(options: argparse.Namespace) -> None:
    """Print one line for each job, the oldest first."""
    from rl_pipeline.search.jobs import statuses, submitted_jobs

    jobs = submitted_jobs(options.folder)
    if not jobs:
        print(f"no jobs in {options.folder}")
        return
    for job, status in statuses(jobs):
        if not (options.active and status.is_over):
            record = job.record
            line = f"{record.job:10s} {status.state:9s} {record.submitted:26s} {record.name}  {status.detail}"
            print(line.rstrip())


def print_log(options: argparse.Namespace) -> None:
    """Print the log of a job; if its training has not started, print the log of its start."""
    [job, *_] = _chosen(options.folder, [options.job])
    file = job.log()
    if file is None:
        raise RefusedError(
            f"job {options.job} has not written anything yet; `rl-pipeline jobs list` shows its state"
        )
    with file.open(errors="replace") as text:
        shutil.copyfileobj(text, sys.stdout)


def cancel_jobs(options: argparse.Namespace) -> None:
    """Ask jobs to save and stop, or end them at once."""
    from rl_pipeline.search.jobs import statuses, submitted_jobs
    from rl_pipeline.search.slurm import stop_job

    every = options.jobs == ["all"]
    chosen = submitted_jobs(options.folder) if every else _chosen(options.folder, options.jobs)
    for job, status in statuses(chosen):
        name = job.record.job
        if not status.is_over:
            stop_job(name, at_once=options.at_once)
            print(f"job {name} is cancelled" if options.at_once else f"job {name} saves and stops")
        elif not every:
            print(f"job {name} has already ended: {status.state}")


def _chosen(root: Path, names: list[str]) -> "list[SubmittedJob]":
    """Find jobs by their identifiers; the identifier of an array selects all of its tasks."""
    from rl_pipeline.search.jobs import submitted_jobs

    jobs = submitted_jobs(root)
    for name in names:
        if not any(job.is_called(name) for job in jobs):
            known = ", ".join(job.record.job for job in jobs[-10:]) or "none"
            raise RefusedError(f"no job '{name}' was submitted from {root}; the latest are: {known}")
    return [job for job in jobs if any(job.is_called(name) for name in names)]
