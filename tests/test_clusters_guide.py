"""The script of the guide to clusters, in plain bash and on a Slurm of one node."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documentation import DOCS, ROOT, blocks
from tests.slurm_cluster import missing_programs, slurm_cluster, wait_until

PAGE = DOCS / "clusters.md"
SEEDS = (0, 1)
LONG = {
    "experiment": {"name": "pendulum"},
    "environment": {"id": "Pendulum-v1", "n_environments": 1},
    "training": {
        "algorithm": "a2c",
        "tensorboard": False,
        "training": {"total_timesteps": 10_000_000, "device": "cpu", "eval": {"num_evals": 0}},
        "checkpoint": {"frequency": 500},
    },
}


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a reader who has installed the project and saved the script."""
    [script] = blocks(PAGE, "bash")
    (tmp_path / "train.sbatch").write_text(script)
    (tmp_path / "pendulum.yaml").write_text(yaml.safe_dump(LONG))
    (tmp_path / ".venv").symlink_to(sys.prefix)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


def runs(reader: Path) -> dict[int, Path]:
    """Give the folder of the only run of each seed."""
    folders = [path.parent for path in reader.glob("experiments/Pendulum-v1/a2c/*/config.yaml")]
    by_seed = {
        yaml.safe_load((run / "config.yaml").read_text())["experiment"]["seed"]: run for run in folders
    }
    assert len(by_seed) == len(folders)
    return by_seed


def metadata(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "run.json").read_text()))


def wait_for_checkpoints_after(reader: Path, timesteps: dict[int, int]) -> None:
    """Wait until the run of each seed is trained and has a checkpoint later than a timestep."""

    def later(seed: int, timestep: int) -> bool:
        run = runs(reader).get(seed)
        steps = [int(path.name[5:]) for path in run.glob("checkpoints/step_*")] if run else []
        return any(step > timestep for step in steps)

    wait_until(lambda: all(later(seed, timestep) for seed, timestep in timesteps.items()), "checkpoints")


def saved(reader: Path) -> dict[int, int]:
    """Check that every run was stopped and saved, and return where."""
    timesteps = {}
    for seed, run in runs(reader).items():
        outcome = metadata(run)
        assert (outcome["status"], outcome["reason"]) == ("stopped", "SIGTERM")
        assert (run / "checkpoints" / f"step_{outcome['timestep']:09d}" / "checkpoint.json").is_file()
        timesteps[seed] = outcome["timestep"]
    return timesteps


def test_the_script_saves_at_sigterm_and_goes_on_with_the_run_of_its_seed(reader: Path) -> None:
    timestep = 0
    for _ in range(2):
        task = subprocess.Popen(
            ["bash", "train.sbatch"], cwd=reader, env={**os.environ, "SLURM_ARRAY_TASK_ID": "3"}
        )
        try:
            wait_for_checkpoints_after(reader, {3: timestep})
        finally:
            task.send_signal(signal.SIGTERM)
            task.wait(timeout=120)
        before, timestep = timestep, saved(reader)[3]
        assert timestep > before


@pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {', '.join(missing_programs())}")
def test_on_slurm_tasks_requeue_themselves_before_the_time_limit_and_save_when_cancelled(
    reader: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with slurm_cluster(tmp_path_factory.mktemp("slurm")) as cluster:

        def states() -> list[str]:
            return cluster.ask("squeue", "--noheader", "--array", "--format=%T").split()

        job = cluster.ask("sbatch", "--parsable", "--array=0-1", "train.sbatch", folder=reader)
        assert job.isdecimal(), job
        wait_for_checkpoints_after(reader, dict.fromkeys(SEEDS, 0))

        cluster.ask("scancel", "--signal=USR1", "--batch", job)  # as Slurm sends it for `--signal`
        wait_until(lambda: states() == ["PENDING", "PENDING"], "requeued tasks")
        requeued_at = saved(reader)

        def started_again() -> bool:
            cluster.ask("scontrol", "update", f"JobId={job}", "StartTime=now")  # which is later by itself
            return "PENDING" not in states()

        wait_until(started_again, "tasks that start again")
        wait_for_checkpoints_after(reader, requeued_at)
        cluster.ask("scancel", job)
        wait_until(lambda: not states(), "the end of all tasks")
        cancelled_at = saved(reader)
    assert all(cancelled_at[seed] > requeued_at[seed] for seed in SEEDS)
    log = (reader / "pendulum_1.log").read_text()
    assert log.count("Training stopped at timestep") == 2
