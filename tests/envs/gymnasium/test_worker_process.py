"""What becomes of worker processes when their parent ends, tried with real processes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[3]

PARENT = """
import sys, time
from rl_pipeline.envs.gymnasium.workers import WorkerVectorEnv
from tests.envs.sample_envs import CountingEnv, TroublesomeEnv

env = WorkerVectorEnv([lambda: TroublesomeEnv("hang")] * 2, 2)
env.reset(seed=0)
print(*env.call("process_id"), flush=True)
"""


def start(end: str) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """Start a parent with two workers that continues with `end`, and return its workers."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT + textwrap.dedent(end)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONWARNINGS": "error::ResourceWarning"},
    )
    assert parent.stdout is not None
    line = parent.stdout.readline()
    assert line, parent.communicate()[1]
    return parent, [psutil.Process(int(number)) for number in line.split()]


def all_gone(processes: list[psutil.Process], timeout: float = 10.0) -> bool:
    _, alive = psutil.wait_procs(processes, timeout)
    return not alive


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux ends the workers")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_a_killed_parent_even_in_the_midst_of_a_step(number: signal.Signals) -> None:
    parent, workers = start("env.step([2, 2])")
    time.sleep(0.2)  # the steps hang
    parent.send_signal(number)
    assert parent.wait(10) == -number
    assert all_gone(workers)


def test_workers_end_with_a_parent_that_forgets_to_close() -> None:
    parent, workers = start("")
    assert parent.wait(10) == 0
    assert all_gone(workers)
    assert parent.communicate()[1] == ""


def test_workers_end_with_a_parent_that_raises() -> None:
    parent, workers = start("raise SystemExit(4)")
    assert parent.wait(10) == 4
    assert all_gone(workers)


def test_workers_started_by_a_thread_outlive_the_thread_but_not_the_parent() -> None:
    thread = """
    import threading
    made = []
    maker = threading.Thread(target=lambda: made.append(WorkerVectorEnv([CountingEnv], 1)))
    maker.start()
    maker.join()
    time.sleep(0.3)
    print(*made[0].call("process_id"), flush=True)
    sys.stdin.read()
    """
    parent, workers = start(thread)
    assert parent.stdout is not None
    workers.append(psutil.Process(int(parent.stdout.readline())))
    parent.kill()
    assert all_gone(workers)


def test_a_process_whose_parent_is_already_gone_ends_at_once() -> None:
    command = [sys.executable, "-m", "rl_pipeline.envs.gymnasium.worker_process", "0", "0", "1", "1"]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=300).returncode == 1
