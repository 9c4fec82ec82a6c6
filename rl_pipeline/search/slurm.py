"""Launcher of trainings as jobs of a Slurm cluster, through submitit."""

import logging
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

from submitit import SlurmExecutor
from submitit.core.utils import FailedJobError, FailedSubmissionError

from rl_pipeline.config.cluster import Cluster
from rl_pipeline.errors import RefusedError
from rl_pipeline.search.cluster_job import ClusterJob
from rl_pipeline.search.launcher import JobState, Work
from rl_pipeline.search.slurm_commands import (
    WAITING,
    QueuedJob,
    UnreachableError,
    cancel,
    end_of,
    job_details,
    queue,
    require_slurm,
)
from rl_pipeline.search.slurm_record import SlurmRecord, read_result, write_record

logger = logging.getLogger(__name__)

SUBMITIT = "submitit"
"""Folder, below that of the records, of submitit's scripts, pickles and logs."""
SIGNAL = "USR1"
"""Signal that Slurm sends before the time limit; the training then saves and stops."""
QUEUE_AGE = 3.0
"""Seconds for which an answer of squeue is used again."""
MANY = 1_000_000
"""Maximum number of times that a job may reach its time limit."""


class SlurmLauncher:
    """Runs trainings as Slurm jobs, with Slurm's identifiers such as `17` or `17_2`. A `Launcher`.

    Args:
        cluster: Resources of a job.
        folder: Folder for records and results of the jobs, which all nodes share; it is created.

    Attributes:
        n_parallel: Maximum number of jobs at a time.

    Raises:
        RefusedError: Slurm is not installed here.
    """

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        require_slurm()
        self.n_parallel = cluster.parallel
        self._cluster = cluster
        self._folder = folder.absolute()
        self._queue: tuple[float, dict[str, QueuedJob]] | None = None

    def submit(self, work: Work) -> str:
        """Queue a job and return its identifier.

        Raises:
            RefusedError: sbatch refuses it.
        """
        return self.submit_all([work])[0]

    def submit_all(self, works: Sequence[Work]) -> list[str]:
        """Queue several jobs, of which at most `n_parallel` run at a time, and return their identifiers.

        Raises:
            RefusedError: sbatch refuses them.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        executor = SlurmExecutor(folder=self._folder / SUBMITIT, max_num_timeout=MANY)
        executor.update_parameters(**sbatch_parameters(self._cluster, _common_name(works)))
        try:
            with redirect_stderr(StringIO()), executor.batch():  # submitit prints sbatch's message as well
                submitted = [executor.submit(self._job(work)) for work in works]
        except (FailedJobError, FailedSubmissionError) as error:
            raise RefusedError(f"sbatch refused the job: {str(error).strip()}") from error
        self._queue = None
        jobs = [job.job_id for job in submitted]
        for job, work in zip(jobs, works, strict=True):
            write_record(self._folder, SlurmRecord.of(job, work))
        return jobs

    def state(self, job: str) -> JobState:
        """Return the state of a job; it counts as running unless it is known to have ended."""
        try:
            queued = self._queued().get(job)
        except UnreachableError as error:
            logger.warning("%s; job %s counts as running", error, job)
            return "running"
        return state_of(job, self._folder, queued)

    def stop(self, job: str, *, at_once: bool = False) -> None:
        """Ask a job to save and stop, however long that takes; or end it within `KillWait` seconds."""
        stop_job(job, at_once=at_once)
        self._queue = None

    def _queued(self) -> dict[str, QueuedJob]:
        if self._queue is None or time.monotonic() - self._queue[0] > QUEUE_AGE:
            self._queue = (time.monotonic(), queue())
        return self._queue[1]

    def _job(self, work: Work) -> ClusterJob:
        command = work.command
        if self._cluster.container is not None:
            own = ("python", *command[1:]) if command[0] == sys.executable else command
            command = (*shlex.split(self._cluster.container), *own)
        work.log.parent.mkdir(parents=True, exist_ok=True)
        return ClusterJob(command, Path.cwd(), work.log.absolute(), self._folder)


def state_of(job: str, folder: Path, queued: QueuedJob | None) -> JobState:
    """Return the state of a job.

    Slurm's accounting, which submitit uses, is missing on small clusters. So this looks first at the queue, then at
    the file that a job writes at its end, and last at the controller, which forgets a job some minutes after its end.

    Args:
        job: Its identifier.
        folder: Folder of its result.
        queued: Its entry in the queue; None if it has ended.
    """
    if queued is not None:
        return "queued" if queued.state in WAITING else "running"
    return read_result(folder, job) or end_of(job_details(job))


def stop_job(job: str, *, at_once: bool) -> None:
    """Ask a job to save and stop, however long that takes; or end it within `KillWait` seconds.

    Raises:
        UnreachableError: Slurm's controller does not answer.
    """
    queued = queue().get(job)
    if queued is None:
        return
    # scancel's own `--state=PENDING` treats all waiting tasks of an array as one.
    cancel(job, *([] if at_once or queued.state in WAITING else ["--signal=INT"]))


def sbatch_parameters(cluster: Cluster, name: str) -> dict[str, Any]:
    """Translate a profile to the parameters of submitit's executor."""
    options: dict[str, Any] = {
        "requeue": True,
        "signal": f"{SIGNAL}@{cluster.signal_lead}",
        "mem": cluster.memory,
        **cluster.options,
    }
    given = {
        "partition": cluster.partition,
        "account": cluster.account,
        "qos": cluster.qos,
        "constraint": cluster.constraint,
        "cpus_per_task": cluster.cpus,
        "gres": _gpus(cluster),
    }
    return {
        "job_name": name,
        "time": cluster.minutes,
        "nodes": cluster.nodes,
        "array_parallelism": cluster.parallel,
        "stderr_to_stdout": True,
        "setup": _setup(cluster),
        "srun_args": _step(cluster),
        "additional_parameters": {key: value for key, value in options.items() if value is not None},
        **{key: value for key, value in given.items() if value is not None},
    }


def _step(cluster: Cluster) -> list[str]:
    """Return the options of srun, which does not take `--cpus-per-task` from sbatch since Slurm 22.05."""
    cores = [] if cluster.cpus is None else [f"--cpus-per-task={cluster.cpus}"]
    return ["--nodes=1", "--ntasks=1", *cores]


def _gpus(cluster: Cluster) -> str | None:
    kind = f":{cluster.gpu_type}" if cluster.gpu_type else ""
    return f"gpu{kind}:{cluster.gpus}" if cluster.gpus else None


def _setup(cluster: Cluster) -> list[str]:
    variables = {"SUBMITIT_PREEMPT_SIGNAL": SIGNAL, **cluster.environment}
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return [*exports, "set -e", *cluster.setup, "set +e"] if cluster.setup else exports


def _common_name(works: Sequence[Work]) -> str:
    """Return the name of an array: that of its only job, or of the first and the number of the others."""
    return works[0].name if len(works) == 1 else f"{works[0].name}+{len(works) - 1}"
