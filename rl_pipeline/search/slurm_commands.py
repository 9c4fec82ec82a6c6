"""Slurm's own commands that submitit does not call: the queue, and the end of a job."""

import re
import shutil
import subprocess
from dataclasses import dataclass

from rl_pipeline.errors import BUSY, CommandFailedError, RefusedError
from rl_pipeline.search.launcher import JobState

COMMANDS = ("sbatch", "srun", "squeue", "scontrol", "scancel")
WAITING = (
    "PENDING",
    "CONFIGURING",
    "REQUEUED",
    "REQUEUE_FED",
    "REQUEUE_HOLD",
    "SPECIAL_EXIT",
    "RESV_DEL_HOLD",
)
QUIT_AT_LIMIT = ("RUNNING", "TIMEOUT")
"""States of a job whose time or place Slurm takes away without queueing it again."""
ENDED: dict[str, JobState] = {"COMPLETED": "finished", "FAILED": "failed"}
"""Final states that a job causes itself; other states have external causes."""
SHELL_SIGNALS = 128
"""Shells and containers report a signal as this plus its number."""


class UnreachableError(CommandFailedError):
    """Raised when Slurm's controller does not answer."""


@dataclass(frozen=True)
class QueuedJob:
    """A job that has not ended.

    Attributes:
        state: Slurm's state, such as `PENDING`.
        reason: Why it waits, or the node that it runs on.
    """

    state: str
    reason: str


def missing_commands() -> list[str]:
    """List the commands that are not installed."""
    return [command for command in COMMANDS if shutil.which(command) is None]


def require_slurm() -> None:
    """Check that Slurm's commands are installed.

    Raises:
        RefusedError: A command is missing.
    """
    missing = missing_commands()
    if missing:
        raise RefusedError(
            f"{', '.join(missing)} of Slurm cannot be found in PATH; submit from a login node of the cluster"
        )


def queue() -> dict[str, QueuedJob]:
    """Return this user's jobs that have not ended, by their identifiers.

    Raises:
        RefusedError: Slurm is not installed here.
        UnreachableError: The controller does not answer.
    """
    require_slurm()
    result = _run("squeue", "--me", "--noheader", "--array", "--format=%i|%T|%R")
    if result.returncode:
        raise UnreachableError(f"squeue: {result.stderr.strip()}")
    rows = (line.split("|", 2) for line in result.stdout.splitlines())
    return {job: QueuedJob(state, reason) for job, state, reason in rows}


def job_details(job: str) -> dict[str, str]:
    """Return the controller's data about a job; it is empty some minutes after the job's end."""
    result = _run("scontrol", "show", "job", "--oneliner", job)
    first = result.stdout.partition("\n")[0] if result.returncode == 0 else ""
    return dict(re.findall(r"(\S+?)=(\S*)", first))


def end_of(details: dict[str, str]) -> JobState:
    """Return the final state of a job without a result file."""
    state = ENDED.get(details.get("JobState", ""), "stopped")
    status, _, number = details.get("ExitCode", "0:0").partition(":")
    from_outside = int(status) == BUSY or int(status) > SHELL_SIGNALS or int(number or 0) > 0
    return "stopped" if state == "failed" and from_outside else state


def cancel(job: str, *options: str) -> None:
    """Call scancel, which ignores jobs that have ended."""
    _run("scancel", "--quiet", *options, job)


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, text=True, capture_output=True, check=False)
