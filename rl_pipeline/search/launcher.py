"""Interface of launchers, which run trainings as processes of this machine or as jobs of a cluster."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

JobState = Literal["queued", "running", "finished", "failed", "stopped"]
"""State of a job.

`finished`: exit status 0. `failed`: it ended by its own error. `stopped`: something else ended it (a signal, a lost
node, a lost job), so the same work may be submitted again and resumes.
"""


@dataclass(frozen=True)
class Work:
    """One training.

    Attributes:
        name: Short name, for the queue of a cluster.
        command: Command line. It must resume when it is run again.
        log: File that receives its output; appended to.
    """

    name: str
    command: tuple[str, ...]
    log: Path


class Launcher(Protocol):
    """Runs trainings outside of this process.

    A job outlives the process that submitted it. It is identified by a string, so the next driver finds the jobs of
    a killed one.

    Attributes:
        n_parallel: Maximum number of jobs at a time.
    """

    n_parallel: int

    def submit(self, work: Work) -> str:
        """Start a job, or queue it, and return its identifier.

        Raises:
            UserError: It cannot be submitted.
        """
        ...

    def state(self, job: str) -> JobState:
        """Return the state of a job."""
        ...

    def stop(self, job: str, *, at_once: bool = False) -> None:
        """Ask a job to save and stop, or end it at once. This does nothing if the job has ended."""
        ...
