"""A sweep on a real Slurm, with its study in a real database, while everything is killed once: `pytest -m slow`."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from optuna.trial import FrozenTrial

from rl_pipeline.cli import main
from rl_pipeline.search.folder import SweepFolder, find_sweep
from rl_pipeline.search.jobs import statuses, submitted_jobs
from rl_pipeline.search.settings import search_space
from rl_pipeline.search.study import SweepStudy
from tests.postgres import PostgresServer
from tests.search.slurm_trainings import configuration
from tests.slurm_cluster import SlurmCluster, wait_until

from .sweeps import LEARNING_RATE, outcomes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


class DisturbedSweep:
    """A sweep on a cluster, driven by a process of its own.

    Attributes:
        driver: The process.
    """

    def __init__(self, folder: Path, cluster: SlurmCluster, server: PostgresServer) -> None:
        self.cluster, self.server = cluster, server
        self.folder = SweepFolder(folder / "experiments" / "kills")
        write_sweep(folder / "kills.yaml", "kills", server.url, timesteps=2000, pause=True)
        (folder / "profile.yaml").write_text("cluster: {cpus: 4, parallel: 2, time: '00:30:00'}\n")
        self.driver = self._start(
            "--config", str(folder / "kills.yaml"), "--cluster", str(folder / "profile.yaml")
        )

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "rl_pipeline", "sweep", *arguments]
        return subprocess.Popen(command, env=dict(os.environ), cwd=self.folder.path.parents[1])

    def restart_driver(self) -> None:
        """Kill the driver, let its jobs work on, and start another one."""
        self.driver.kill()
        self.driver.wait()
        self.wait_for_checkpoints(1)
        self.driver = self._start("--resume", str(self.folder.path))

    def checkpoints(self) -> set[Path]:
        """Return all checkpoints that were ever seen; old ones are removed as new ones are made."""
        return set(self.folder.path.glob("trial_*/*/checkpoints/step_*"))

    def wait_for_checkpoints(self, count: int) -> None:
        """Wait until the runs have made so many new checkpoints together."""
        before = self.checkpoints()
        wait_until(lambda: len(self.checkpoints() - before) >= count, f"{count} new checkpoints")

    def training(self) -> psutil.Process:
        """Return a process that trains."""
        root = str(self.folder.path)
        found: list[psutil.Process] = []

        def search() -> bool:
            found[:] = [
                process
                for process in psutil.process_iter(["cmdline"])
                if "train" in (words := process.info["cmdline"] or []) and any(root in word for word in words)
            ]
            return bool(found)

        wait_until(search, "a training")
        return found[0]

    def running_job(self) -> str:
        """Return a job that runs on a node."""

        def running() -> list[str]:
            states = statuses(submitted_jobs(self.folder.path.parent))
            return [job.record.job for job, status in states if status.state == "running"]

        wait_until(running, "a running job")
        return running()[0]


def kill_worker(sweep: DisturbedSweep) -> None:
    sweep.training().kill()


def kill_driver(sweep: DisturbedSweep) -> None:
    sweep.restart_driver()


def reach_the_time_limit(sweep: DisturbedSweep) -> None:
    sweep.cluster.ask("scancel", "--signal=USR1", sweep.running_job())  # as Slurm sends it before the limit


def preempt(sweep: DisturbedSweep) -> None:
    urgent = ("--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=true")
    sweep.cluster.finish(*urgent)


def kill_node(sweep: DisturbedSweep) -> None:
    wait_until(lambda: sweep.cluster.node_of(sweep.running_job()), "a node at work")
    node = sweep.cluster.node_of(sweep.running_job())
    sweep.cluster.kill_node(node)
    sweep.cluster.ask("scontrol", "update", f"nodename={node}", "state=DOWN", "reason=killed")
    sweep.wait_for_checkpoints(2)
    sweep.cluster.start_node(node)


def kill_database(sweep: DisturbedSweep) -> None:
    sweep.server.kill()
    sweep.wait_for_checkpoints(2)
    sweep.server.start()
    sweep.server.wait()


KILLS: list[Callable[[DisturbedSweep], None]] = [
    kill_worker,
    kill_driver,
    reach_the_time_limit,
    preempt,
    kill_node,
    kill_database,
    kill_driver,
]


def test_a_sweep_counts_every_trial_once_through_all_kills(
    cluster: SlurmCluster, server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_sweep(tmp_path / "undisturbed.yaml", "undisturbed", None, timesteps=2000, pause=False)
    assert main(["sweep", "--config", "undisturbed.yaml"]) == 0
    expected = outcomes(trials_of(find_sweep("undisturbed")))

    sweep = DisturbedSweep(tmp_path, cluster, server)
    try:
        for kill in KILLS:
            sweep.wait_for_checkpoints(2)
            assert sweep.driver.poll() is None, f"the sweep ended before {kill.__name__}"
            kill(sweep)
        assert sweep.driver.wait(1200) == 0
    finally:
        sweep.driver.kill()
    assert outcomes(trials_of(sweep.folder)) == expected
    assert len(list(sweep.folder.path.glob("trial_*/*/config.yaml"))) == 6


def trials_of(folder: SweepFolder) -> list[FrozenTrial]:
    """Read the trials of a sweep from its study."""
    config = folder.load()
    return SweepStudy(folder, config, search_space(config)).trials()


def write_sweep(file: Path, name: str, storage: str | None, *, timesteps: int, pause: bool) -> None:
    """Write a search of three learning rates with two seeds each."""
    mapping: dict[str, Any] = configuration(
        Path("experiments"), timesteps=timesteps, frequency=40, pause=pause
    )
    mapping["training"]["training"]["eval"] = {"num_evals": 2, "num_episodes": 2}
    mapping["sweep"] = {
        "name": name,
        "space": {LEARNING_RATE: [0.001, 0.004, 0.002]},
        "seeds": 2,
        "workers": 2,
        "keep": None,
        "storage": storage,
    }
    file.write_text(yaml.safe_dump(mapping))
