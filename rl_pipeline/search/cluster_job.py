"""Job of a Slurm cluster: a command that saves in time, is restarted, and reports its end."""

import os
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from submitit import JobEnvironment
from submitit.core.utils import DelayedSubmission, UncompletedJobError

from rl_pipeline.errors import BUSY
from rl_pipeline.search.launcher import JobState
from rl_pipeline.search.slurm_commands import QUIT_AT_LIMIT, SHELL_SIGNALS, job_details
from rl_pipeline.search.slurm_record import result_file, write_result

STOPPED = BUSY
"""Exit status of a job that did not finish and may be submitted again."""
RETRY_AFTER = 20.0
"""Seconds before a command is restarted if another process still trains its run."""
SIGNALS_WITHIN = 1.0
"""Seconds after the end of a command in which Slurm's signal to the same job may still arrive here."""


@dataclass(frozen=True)
class ClusterJob:
    """A command that runs on a node of a cluster; submitit pickles it and calls it there.

    The command must resume when it is run again, save and stop after SIGUSR1, and exit with status 75 while another
    process trains the same run, for example on a node that Slurm has lost.

    Attributes:
        command: Command line.
        folder: Working directory.
        log: File that receives its output; appended to.
        results: Folder of the file with the job's result.
    """

    command: tuple[str, ...]
    folder: Path
    log: Path
    results: Path

    def __call__(self) -> None:
        """Run the command and report how it ended.

        Raises:
            SystemExit: The job did not finish. The status is the command's, or 75 if the job may be submitted again.
        """
        job = JobEnvironment().job_id
        result_file(self.results, job).unlink(missing_ok=True)
        with self.log.open("ab") as log:
            running = _RunningCommand(self, log)
            _RUNNING[self] = running
            try:
                state, status = running.outcome()
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired, UncompletedJobError) as error:
                running.say(f"the job is not queued again: {error}")
                state, status = "stopped", STOPPED
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # nothing is left to save
            try:
                write_result(self.results, job, state, status)
            except OSError as error:  # the exit status contains the same information
                running.say(f"the result could not be written: {error}")
        if state != "finished":
            raise SystemExit(STOPPED if state == "stopped" else status)

    def checkpoint(self) -> DelayedSubmission | None:
        """Ask the command to save and stop; submitit calls it at Slurm's signal.

        Returns:
            The object that runs after submitit has queued the job again; None if the user has cancelled it.
        """
        running = _RUNNING.get(self)
        again = running is None or running.save_and_stop()
        return DelayedSubmission(self) if again else None


class _RunningCommand:
    """The process of a job's command, and the requests of Slurm and the user."""

    def __init__(self, job: ClusterJob, log: IO[bytes]) -> None:
        self._job = job
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._asked: signal.Signals | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def say(self, text: str) -> None:
        """Write a line to the command's log, if there is room for it."""
        place = f"job {JobEnvironment().job_id} on {os.environ.get('SLURMD_NODENAME')}"
        with suppress(OSError):
            self._log.write(f"[{place}] {text}\n".encode())
            self._log.flush()

    def outcome(self) -> tuple[JobState, int]:
        """Run the command to its end; queue the job again if Slurm takes its node away without queueing it.

        Raises:
            CalledProcessError: The job could not be queued again.
        """
        status = self._run()
        while status == BUSY and self._asked is None:
            self.say(f"another process trains this run; the next attempt is in {RETRY_AFTER:g} s")
            self._pause(RETRY_AFTER)
            status = BUSY if self._asked else self._run()
        if status == 0 and self._asked is None:
            # Slurm signals the processes of a job one after the other, and the command may have been quick to stop.
            self._pause(SIGNALS_WITHIN)
        by_signal = status < 0 or status > SHELL_SIGNALS or status == BUSY
        if status != 0 and not by_signal:
            return "failed", status
        if self._asked == signal.SIGTERM and job_details(_slurm_id()).get("JobState") in QUIT_AT_LIMIT:
            self.say("saved; the job is queued again")
            subprocess.run(["scontrol", "requeue", _slurm_id()], check=True, timeout=60)
        return ("stopped", status) if by_signal or self._asked else ("finished", 0)

    def save_and_stop(self) -> bool:
        """Ask the command to save and stop, wait for it, and return whether it should be resumed."""
        self._asked = self._asked or signal.SIGUSR1
        self._forward()
        if self._process is not None:
            _wait_for(self._process.pid)
        cancelled = self._asked == signal.SIGINT
        if not cancelled:
            self.say("saved before the time limit; the job is queued again")
        return not cancelled

    def _run(self) -> int:
        self.say(f"starts {shlex.join(self._job.command)}")
        self._process = subprocess.Popen(
            self._job.command,
            cwd=self._job.folder,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        if self._asked:  # the signal arrived before the process existed
            self._forward()
        _wait_for(self._process.pid)
        return self._process.wait()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked = self._asked or signal.Signals(number)
        self._forward()

    def _forward(self) -> None:
        """Send SIGUSR1, which does nothing to a training that stops already; Slurm may have signalled it as well."""
        if self._process is not None and self._process.returncode is None:
            try:
                os.kill(self._process.pid, signal.SIGUSR1)
            except ProcessLookupError:
                return

    def _pause(self, seconds: float) -> None:
        """Wait for a signal, at most so many seconds."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._asked is None:
            time.sleep(0.1)


_RUNNING: dict[ClusterJob, _RunningCommand] = {}
"""The command of this process; submitit passes only the job."""


def _wait_for(pid: int) -> None:
    """Wait for the end of a process without reaping it, so that a signal handler may wait for it at the same time."""
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    except ChildProcessError:
        return


def _slurm_id() -> str:
    return os.environ["SLURM_JOB_ID"]
