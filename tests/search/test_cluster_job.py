"""What a job does with its command, and what it says in the end; tests/search/test_slurm.py lets Slurm start it."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from rl_pipeline.errors import BUSY
from rl_pipeline.search import cluster_job
from rl_pipeline.search.cluster_job import ClusterJob
from rl_pipeline.search.slurm_record import read_result
from tests.small_disk import mounted

ID = "7"
ASKED_BY = "trap 'echo saved; exit 0' USR1; kill -{signal} $PPID; while :; do sleep 0.05; done"
"""A command that is asked to stop, by a signal to its job, and saves."""


@pytest.fixture(autouse=True)
def on_a_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let this process be a job's, with a `scontrol` that notes what it is asked for."""
    previous = {
        number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    }
    for name, value in {"SUBMITIT_EXECUTOR": "slurm", "SLURM_JOB_ID": ID, "SLURMD_NODENAME": "node1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SLURM_ARRAY_JOB_ID", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(cluster_job, "RETRY_AFTER", 0.1)
    yield
    for number, handler in previous.items():
        signal.signal(number, handler)


def slurm_says(folder: Path, state: str, *, requeues: bool = True) -> None:
    answer = f'[ "$1" = show ] && echo "JobId={ID} JobState={state} ExitCode=0:0" && exit'
    scontrol = folder / "scontrol"
    scontrol.write_text(f'#!/bin/sh\n{answer}\necho "$@" >> {folder}/asked\nexit {int(not requeues)}\n')
    scontrol.chmod(0o755)


def carry_out(folder: Path, script: str) -> tuple[object, str | None, str]:
    """Carry out a job; return its exit status, the result that it leaves, and its log."""
    log = folder / "job.log"
    job = ClusterJob(("bash", "-c", script), folder, log, folder)
    status: object = 0
    try:
        job()
    except SystemExit as end:
        status = end.code
    return status, read_result(folder, ID), log.read_text()


@pytest.mark.parametrize(
    ("script", "status", "state"),
    [
        ("echo done", 0, "finished"),
        ("echo wrong >&2; exit 3", 3, "failed"),
        ("kill -KILL $$", BUSY, "stopped"),
        ("exit 137", BUSY, "stopped"),  # as a container says that its process was killed
    ],
)
def test_the_end_of_the_command_is_that_of_the_job(
    tmp_path: Path, script: str, status: int, state: str
) -> None:
    assert carry_out(tmp_path, script)[:2] == (status, state)


def test_the_output_is_appended_to_the_log(tmp_path: Path) -> None:
    carry_out(tmp_path, "echo first")
    log = carry_out(tmp_path, "echo second >&2")[2].splitlines()
    assert log[1::2] == ["first", "second"]
    assert log[0] == "[job 7 on node1] starts bash -c 'echo first'"


def test_a_run_that_another_process_trains_is_waited_for(tmp_path: Path) -> None:
    status, state, log = carry_out(tmp_path, f"test -e free && exit 0; touch free; exit {BUSY}")
    assert (status, state) == (0, "finished")
    assert log.count("another process trains this run") == 1


@pytest.mark.parametrize(
    ("asked", "slurm", "requeued"),
    [
        (
            "TERM",
            "RUNNING",
            True,
        ),  # preempted with time to save: Slurm does not queue a job again that ends in time
        ("TERM", "TIMEOUT", True),
        ("TERM", "CANCELLED", False),
        ("TERM", "PENDING", False),  # Slurm has queued it again itself
        ("INT", "RUNNING", False),  # `jobs cancel`
    ],
)
def test_a_job_that_is_asked_to_stop_saves(tmp_path: Path, asked: str, slurm: str, requeued: bool) -> None:
    slurm_says(tmp_path, slurm)
    status, state, log = carry_out(tmp_path, ASKED_BY.format(signal=asked))
    assert (status, state) == (BUSY, "stopped")
    assert "saved" in log
    assert (tmp_path / "asked").exists() == requeued
    if requeued:
        assert (tmp_path / "asked").read_text() == f"requeue {ID}\n"


def test_a_cluster_that_does_not_queue_jobs_again_leaves_a_stopped_job(tmp_path: Path) -> None:
    slurm_says(tmp_path, "RUNNING", requeues=False)
    status, state, log = carry_out(tmp_path, ASKED_BY.format(signal="TERM"))
    assert (status, state) == (BUSY, "stopped")
    assert "the job is not queued again" in log


@pytest.mark.parametrize(("asked", "again"), [("TERM", True), ("INT", False)])
def test_a_cancelled_job_is_not_queued_again_at_its_time_limit(
    tmp_path: Path, asked: str, again: bool
) -> None:
    slurm_says(tmp_path, "CANCELLED")
    script = (
        f"trap 'n=1$n' USR1; kill -{asked} $PPID; until [ $n ]; do sleep 0.05; done; "
        "kill -USR1 $PPID; until [ $n = 11 ]; do sleep 0.05; done"
    )
    job = ClusterJob(("bash", "-c", script), tmp_path, tmp_path / "job.log", tmp_path)
    resumed: list[object] = []
    signal.signal(signal.SIGUSR1, lambda *_: resumed.append(job.checkpoint()))  # as submitit does
    with pytest.raises(SystemExit):
        job()
    assert [one is not None for one in resumed] == [again]


def test_the_exit_status_is_left_where_the_result_finds_no_room(tmp_path: Path) -> None:
    with mounted(tmp_path / "full", "4k") as disk:
        (disk / "all").write_bytes(b"x" * 4096)
        job = ClusterJob(("bash", "-c", "kill -KILL $$"), tmp_path, tmp_path / "job.log", disk)
        with pytest.raises(SystemExit) as end:
            job()
    assert end.value.code == BUSY
    assert "the result could not be written" in (tmp_path / "job.log").read_text()


def test_a_failure_while_it_stops_is_a_failure(tmp_path: Path) -> None:
    slurm_says(tmp_path, "RUNNING")
    script = ASKED_BY.format(signal="TERM").replace("exit 0", "exit 1")
    assert carry_out(tmp_path, script)[:2] == (1, "failed")
    assert not (tmp_path / "asked").exists()


def test_the_result_of_an_earlier_start_does_not_stay(tmp_path: Path) -> None:
    carry_out(tmp_path, "exit 3")
    assert carry_out(tmp_path, f"test ! -e {ID}.result.json")[:2] == (0, "finished")
