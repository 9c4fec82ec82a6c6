import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from rl_pipeline.search import job_record
from rl_pipeline.search.job_record import read_record
from rl_pipeline.search.launcher import JobState, Work
from rl_pipeline.search.local import LocalLauncher
from rl_pipeline.search.local_job import share_of_cores

PATIENCE = 300.0
ENDLESS = "import time\nprint('begun', flush=True)\ntime.sleep(1000)"


def work(folder: Path, code: str, name: str = "job") -> Work:
    return Work(name, (sys.executable, "-c", code), folder / f"{name}.log")


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended(launcher: LocalLauncher, job: str) -> JobState:
    wait_for(lambda: launcher.state(job) != "running")
    return launcher.state(job)


@contextmanager
def other_process_of_the_job(record: Path, started: str | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process and enter it into a record, with the start of another or with its own."""
    with subprocess.Popen(["sleep", "1000"]) as other, record.open("rb+") as file:
        written = job_record.JobRecord(0, other.pid, started or job_record.process_start(other.pid))
        job_record.write_record(file.fileno(), written)
        yield other


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("print('done')", "finished"),
        ("import sys; sys.exit('wrong')", "failed"),
        ("import os; os.kill(os.getpid(), 9)", "stopped"),
    ],
)
def test_how_a_job_ended_is_known_to_later_launchers(tmp_path: Path, code: str, state: JobState) -> None:
    launcher = LocalLauncher(tmp_path, 1)
    job = launcher.submit(work(tmp_path, code))
    assert ended(launcher, job) == state
    assert LocalLauncher(tmp_path, 1).state(job) == state


def test_output_is_appended_to_the_log(tmp_path: Path) -> None:
    launcher = LocalLauncher(tmp_path, 1)
    for _ in range(2):
        ended(launcher, launcher.submit(work(tmp_path, "print('hello')")))
    assert (tmp_path / "job.log").read_text() == "hello\nhello\n"


def test_work_that_is_done_already_is_not_started_twice(tmp_path: Path) -> None:
    launcher, other = LocalLauncher(tmp_path, 1), LocalLauncher(tmp_path, 1)
    job = launcher.submit(work(tmp_path, ENDLESS))
    assert other.state(job) == "running"
    assert other.submit(work(tmp_path, ENDLESS)) == job
    wait_for(lambda: "begun" in (tmp_path / "job.log").read_text())
    other.stop(job, at_once=True)
    assert ended(other, job) == "stopped"
    assert (tmp_path / "job.log").read_text() == "begun\n"


def test_a_job_outlives_the_process_that_submitted_it(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from rl_pipeline.search.launcher import Work
from rl_pipeline.search.local import LocalLauncher
code = "import time; time.sleep(0.5); print('survived')"
folder = Path({str(tmp_path)!r})
LocalLauncher(folder, 1).submit(Work("job", ({sys.executable!r}, "-c", code), folder / "job.log"))
os.killpg(0, signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script], start_new_session=True, check=False)
    assert ended(LocalLauncher(tmp_path, 1), "job.job") == "finished"
    assert (tmp_path / "job.log").read_text() == "survived\n"


def test_a_stop_asks_the_command_and_waits_for_its_exit_status(tmp_path: Path) -> None:
    code = "import signal\nprint('begun', flush=True)\nsignal.sigwait([signal.SIGTERM])\nprint('saved')"
    code = f"import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n{code}"
    launcher = LocalLauncher(tmp_path, 1)
    job = launcher.submit(work(tmp_path, code))
    wait_for(lambda: "begun" in (tmp_path / "job.log").read_text())
    launcher.stop(job)
    assert ended(launcher, job) == "finished"
    assert "saved" in (tmp_path / "job.log").read_text()
    launcher.stop(job)


def test_a_stop_at_once_ends_the_processes_of_the_command_too(tmp_path: Path) -> None:
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {ENDLESS!r}])"
    launcher = LocalLauncher(tmp_path, 1)
    job = launcher.submit(work(tmp_path, code))
    wait_for(lambda: "begun" in (tmp_path / "job.log").read_text())
    pid = read_record(tmp_path / job).pid
    assert pid is not None
    (child,) = psutil.Process(pid).children()
    launcher.stop(job, at_once=True)
    assert ended(launcher, job) == "stopped"
    wait_for(lambda: not child.is_running())


def test_a_command_lives_on_in_its_job_without_the_process_around_it(tmp_path: Path) -> None:
    launcher = LocalLauncher(tmp_path, 1)
    job = launcher.submit(work(tmp_path, ENDLESS))
    wait_for(lambda: "begun" in (tmp_path / "job.log").read_text())
    pid = read_record(tmp_path / job).pid
    assert pid is not None
    os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)
    assert launcher.state(job) == "running"
    os.kill(pid, signal.SIGKILL)
    assert ended(launcher, job) == "stopped"


def test_a_process_that_has_the_number_of_a_job_is_left_alone(tmp_path: Path) -> None:
    launcher = LocalLauncher(tmp_path, 1)
    job = launcher.submit(work(tmp_path, ENDLESS))
    wait_for(lambda: read_record(tmp_path / job).pid)
    record = read_record(tmp_path / job)
    assert record.pid is not None
    time.sleep(2 / os.sysconf("SC_CLK_TCK"))  # start times are counted in ticks
    with other_process_of_the_job(tmp_path / job, record.started) as other:
        launcher.stop(job, at_once=True)
        assert other.poll() is None
        other.kill()
    os.kill(record.pid, signal.SIGKILL)


def test_a_process_of_the_same_tick_in_the_drivers_own_session_is_left_alone(tmp_path: Path) -> None:
    launcher = LocalLauncher(tmp_path, 1)
    job = launcher.submit(work(tmp_path, ENDLESS))
    wait_for(lambda: read_record(tmp_path / job).pid)
    record = read_record(tmp_path / job)
    assert record.pid is not None
    with other_process_of_the_job(tmp_path / job) as other:
        launcher.stop(job, at_once=True)
        assert other.poll() is None
        other.kill()
    os.kill(record.pid, signal.SIGKILL)


def test_cores_and_threads_are_divided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cores = os.sched_getaffinity(0)
    assert len(share_of_cores(0, 1)) == len(cores)
    assert set(share_of_cores(0, 2)).isdisjoint(share_of_cores(1, 2))
    assert share_of_cores(0, 10_000) == []
    launcher = LocalLauncher(tmp_path, len(cores))
    code = "import os; print(len(os.sched_getaffinity(0)), os.environ['OMP_NUM_THREADS'])"
    for name in ("a", "b"):
        ended(launcher, launcher.submit(work(tmp_path, code, name)))
        assert (tmp_path / f"{name}.log").read_text() == "1 1\n"


def test_jobs_that_run_at_once_get_different_parts(tmp_path: Path) -> None:
    launcher = LocalLauncher(tmp_path, 2)
    jobs = [launcher.submit(work(tmp_path, ENDLESS, name)) for name in ("a", "b")]
    assert {read_record(tmp_path / job).part for job in jobs} == {0, 1}
    launcher.stop(jobs[0], at_once=True)
    wait_for(lambda: read_record(tmp_path / jobs[0]).pid)
    launcher.stop(jobs[0], at_once=True)
    ended(launcher, jobs[0])
    third = launcher.submit(work(tmp_path, "pass", "c"))
    assert read_record(tmp_path / third).part == 0
    wait_for(lambda: read_record(tmp_path / jobs[1]).pid)
    launcher.stop(jobs[1], at_once=True)
