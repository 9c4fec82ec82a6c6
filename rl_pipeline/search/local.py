"""Runs trainings as processes of this machine."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from rl_pipeline.bench.machine import count_cores
from rl_pipeline.errors import CommandFailedError
from rl_pipeline.search.job_record import JobRecord, process_start, read_record, try_lock, write_record
from rl_pipeline.search.launcher import JobState, Work

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class LocalLauncher:
    """Starts each training in a separate session, so that it outlives the driver.

    A job is identified by the path of its record beside its log, relative to `root`, which may be moved while
    nothing runs. The record is locked while the training runs, so that the same work is never started twice:
    submitting it again returns the running job.

    Args:
        root: Folder above all logs.
        n_parallel: Maximum number of jobs at a time. Each job runs on its own part of the cores, even if the other
            parts are idle, so that trials with a time limit are comparable.
    """

    def __init__(self, root: Path, n_parallel: int) -> None:
        self.root = root
        self.n_parallel = n_parallel
        self._threads = str(max(1, count_cores() // n_parallel))
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._parts: dict[str, int] = {}
        """The part of the cores of each known running job."""
        self._asked: set[tuple[str, int]] = set()
        """Jobs that were asked to stop, with the number of their process."""

    def submit(self, work: Work) -> str:
        """Start a job, or find the running one; see `Launcher.submit`.

        Raises:
            CommandFailedError: The machine cannot start more processes.
            OSError: The log cannot be written.
        """
        record = work.log.with_suffix(".job")
        job = str(record.relative_to(self.root))
        descriptor = try_lock(record)
        if descriptor is None:
            self._parts[job] = read_record(record).part
            return job
        part = min(set(range(self.n_parallel)) - set(self._parts.values()), default=0)
        try:
            write_record(descriptor, JobRecord(part))
            with work.log.open("ab") as log:
                self._children[job] = self._start(work, descriptor, part, log.fileno())
        finally:
            os.close(descriptor)
        self._parts[job] = part
        return job

    def state(self, job: str) -> JobState:
        """Return the state of a job; see `Launcher.state`."""
        if job in self._children:
            self._children[job].poll()  # otherwise it stays a zombie
        record = self.root / job
        if self._is_alive(record):
            self._parts.setdefault(job, read_record(record).part)
            return "running"
        self._parts.pop(job, None)
        match read_record(record).exit_status:
            case 0:
                return "finished"
            case int(status) if status > 0:
                return "failed"
        return "stopped"

    def stop(self, job: str, *, at_once: bool = False) -> None:
        """Ask a job to save and stop, or end it with all its processes; see `Launcher.stop`."""
        record = self.root / job
        if not self._is_alive(record):
            return
        found = read_record(record)
        if found.pid is None or process_start(found.pid) != found.started:
            return  # it is starting or ending
        try:
            group = os.getpgid(found.pid)
            if group == os.getpgrp():
                return  # a job has its own session: this is a later process that started in the same tick
            if at_once:
                os.killpg(group, signal.SIGKILL)
            elif (job, found.pid) not in self._asked:  # a second signal would end a job that is saving
                self._asked.add((job, found.pid))
                os.kill(found.pid, signal.SIGTERM)
        except ProcessLookupError:
            return

    def _start(self, work: Work, descriptor: int, part: int, log: int) -> subprocess.Popen[bytes]:
        share = f"{part}/{self.n_parallel}"
        command = [
            sys.executable,
            "-m",
            "rl_pipeline.search.local_job",
            str(descriptor),
            share,
            *work.command,
        ]
        limits = dict.fromkeys(THREADS, self._threads)
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **limits},
                pass_fds=[descriptor],
                start_new_session=True,
            )
        except OSError as error:
            raise CommandFailedError(f"{work.name} cannot be started: {error}") from error

    def _is_alive(self, record: Path) -> bool:
        if not record.exists():
            return False
        descriptor = try_lock(record)
        if descriptor is None:
            return True
        os.close(descriptor)
        return False
