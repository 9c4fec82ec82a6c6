"""A sweep whose runs are jobs of a real Slurm, with trainings that take a moment."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rl_pipeline.config.cluster import Cluster
from rl_pipeline.search.jobs import submitted_jobs
from rl_pipeline.search.launcher import Work
from rl_pipeline.search.slurm import SlurmLauncher

from .sweeps import LEARNING_RATE, make_driver, make_sweep


class QuickSlurm(SlurmLauncher):
    """Submits the stand-in of trainings."""

    submitted: list[str]

    def submit(self, work: Work) -> str:
        script = str(Path(__file__).with_name("quick_training.py"))
        self.submitted.append(work.name)
        return super().submit(replace(work, command=(sys.executable, script, *work.command[3:])))


@pytest.mark.usefixtures("cluster")
def test_the_driver_finds_the_jobs_that_an_earlier_one_submitted(tmp_path: Path) -> None:
    folder = make_sweep(tmp_path, space={LEARNING_RATE: [0.001, 0.002, 0.003]})
    launchers = [QuickSlurm(Cluster(parallel=2), folder.jobs) for _ in range(2)]
    for launcher in launchers:
        launcher.submitted = []
    make_driver(folder, launchers[0])._advance()  # a driver that is killed here leaves two jobs
    driver = make_driver(folder, launchers[1])
    driver.run()
    assert [trial.value for trial in driver.study.trials()] == [10.0, 20.0, 30.0]
    assert launchers[0].submitted == ["quick_0_seed_0", "quick_1_seed_0"]
    assert launchers[1].submitted == ["quick_2_seed_0"]
    found = [job.record.name for job in submitted_jobs(folder.path.parent)]  # as `rl-pipeline jobs list` does
    assert found == ["quick_0_seed_0", "quick_1_seed_0", "quick_2_seed_0"]
