"""What takes Slurm minutes: `pytest -m slow`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rl_pipeline.search.jobs import submitted_jobs
from tests.search.slurm_trainings import Trainings
from tests.slurm_cluster import SlurmCluster, slurm_cluster, wait_until
from tests.small_disk import mounted

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def test_a_training_longer_than_the_time_limit(cluster: SlurmCluster, tmp_path: Path) -> None:
    trainings = Trainings(tmp_path, cluster, timesteps=10_000, frequency=1000)
    [job] = trainings.submit("--seeds", "0", "cluster.time=00:02:00", "cluster.signal_lead=30")
    wait_until(lambda: "saved before the time limit" in trainings.log(job), "the time limit", patience=300)
    wait_until(lambda: trainings.states()[job] == "finished", "the end", patience=1200)
    trainings.assert_undisturbed([0])


@pytest.fixture
def nervous(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SlurmCluster]:
    """A cluster that gives up a silent node after 20 s."""
    with slurm_cluster(tmp_path_factory.mktemp("nervous"), node_timeout=20) as cluster:
        monkeypatch.setenv("SLURM_CONF", cluster.environ["SLURM_CONF"])
        yield cluster


def test_slurm_notices_a_lost_node_itself(nervous: SlurmCluster, tmp_path: Path) -> None:
    trainings = Trainings(tmp_path, nervous)
    [job] = trainings.submit("--seeds", "0")
    trainings.wait_for_checkpoint(0)
    node = nervous.node_of(job)
    nervous.kill_node(node)
    wait_until(lambda: nervous.node_of(job) not in ("", node), "the other node", patience=300)
    trainings.wait_for_state(job, "finished")
    trainings.assert_undisturbed([0])


def test_a_node_that_lost_only_its_connection_trains_to_the_end(
    nervous: SlurmCluster, tmp_path: Path
) -> None:
    trainings = Trainings(tmp_path, nervous, timesteps=8000, frequency=100)
    [job] = trainings.submit("--seeds", "0")
    trainings.wait_for_checkpoint(0)
    node = nervous.node_of(job)
    nervous.kill(node)  # the daemon alone: the training lives
    wait_until(
        lambda: "another process trains this run" in trainings.log(job), "the second start", patience=300
    )
    wait_until(lambda: trainings.states()[job] == "finished", "the end", patience=1200)
    trainings.assert_undisturbed([0])


def test_a_full_disk_costs_only_what_could_not_be_written(cluster: SlurmCluster, tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "30m") as disk:
        trainings = Trainings(disk, cluster)
        [job] = trainings.submit("--seeds", "0")
        trainings.wait_for_checkpoint(0)
        full = disk / "full"
        fill(full)
        cluster.ask("scancel", "--signal=USR1", job)
        wait_until(lambda: trainings.states()[job] in ("failed", "stopped"), "the end of the job")
        full.unlink()
        [job] = trainings.submit("--seeds", "0", "--resume", "auto")
        trainings.wait_for_state(job, "finished")
        trainings.assert_undisturbed([0])


def fill(file: Path) -> None:
    """Write until the disk is full."""
    try:
        with file.open("wb", buffering=0) as stream:
            while True:
                stream.write(b"x" * 4096)
    except OSError:
        return


def test_jobs_outlive_a_killed_submitter(trainings: Trainings) -> None:
    command = [sys.executable, "-m", "rl_pipeline", "train", "--cluster", "slurm", "--seeds", "0-1"]
    submitter = subprocess.Popen([*command, "--config", str(trainings.file)], env=dict(os.environ))
    wait_until(lambda: len(submitted_jobs(trainings.root)) == 2, "two jobs")
    submitter.send_signal(signal.SIGKILL)
    submitter.wait()
    for job in trainings.states():
        trainings.wait_for_state(job, "finished")
    trainings.assert_undisturbed([0, 1])
