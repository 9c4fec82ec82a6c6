"""Trainings on a Slurm cluster that tests disturb, and the same trainings undisturbed."""

import csv
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
import yaml
from stable_baselines3.common.save_util import load_from_zip_file

from rl_pipeline.cli import main
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.run import reports
from rl_pipeline.run.folder import RunFolder, find_runs
from rl_pipeline.run.metadata import read_metadata
from rl_pipeline.run.plan import Plan
from rl_pipeline.run.train import run_plan
from rl_pipeline.search.jobs import SubmittedJob, statuses, submitted_jobs
from tests.documentation import ROOT
from tests.slurm_cluster import SlurmCluster, wait_until

SAMPLE_ENV = f"{ROOT / 'tests' / 'run' / 'sample_envs.py'}:SampleEnv"


def configuration(
    folder: Path, *, timesteps: int = 800, frequency: int = 20, pause: bool = True
) -> dict[str, Any]:
    """A training that takes 10 ms a timestep."""
    return {
        "experiment": {"name": "tiny", "folder": str(folder)},
        "environment": {
            "id": SAMPLE_ENV,
            "n_environments": 2,
            "kwargs": {"trouble": "pause"} if pause else {},
        },
        "training": {
            "algorithm": "a2c",
            "tensorboard": False,
            "architecture": {"net_arch": [8]},
            "training": {
                "total_timesteps": timesteps,
                "device": "cpu",
                "verbose": 0,
                "eval": {"num_evals": 0},
            },
            "checkpoint": {"frequency": frequency, "export": False},
        },
        "evaluation": {"num_episodes": 1, "video": False},
    }


class Trainings:
    """Trainings of one file, told apart by their seeds.

    Attributes:
        root: Root folder of the runs.
    """

    def __init__(self, folder: Path, cluster: SlurmCluster, **how: Any) -> None:
        self.cluster = cluster
        self.root = folder / "experiments"
        self.file = folder / "tiny.yaml"
        self._folder = folder
        self._how = how
        self.file.write_text(yaml.safe_dump(configuration(self.root, **how)))

    def submit(self, *arguments: str) -> list[str]:
        """Submit trainings and return the jobs."""
        before = {job.record.job for job in submitted_jobs(self.root)}
        assert main(["train", "--cluster", "slurm", "--config", str(self.file), *arguments]) == 0
        return [job.record.job for job in submitted_jobs(self.root) if job.record.job not in before]

    def runs(self) -> dict[int, RunFolder]:
        """Return the run of each seed, which has only one."""
        found = find_runs(self.root)
        by_seed = {yaml.safe_load(run.config.read_text())["experiment"]["seed"]: run for run in found}
        assert len(by_seed) == len(found)
        return by_seed

    def newest_checkpoint(self, seed: int) -> int:
        """Return the timestep of the newest checkpoint of a run."""
        run = self.runs().get(seed)
        found = run.checkpoints.glob("step_*") if run else ()
        return max((int(path.name[5:]) for path in found), default=0)

    def newest_status(self, seed: int) -> str:
        """Return what the run says about itself."""
        return str(read_metadata(self.runs()[seed])["status"])

    def wait_for_checkpoint(self, seed: int, after: int = 0) -> None:
        """Wait until a run has a checkpoint later than a timestep."""
        wait_until(
            lambda: self.newest_checkpoint(seed) > after,
            f"a checkpoint of seed {seed} after timestep {after}",
        )

    def jobs(self) -> list[SubmittedJob]:
        """Return all jobs."""
        return submitted_jobs(self.root)

    def log(self, job: str) -> str:
        """Return what a job has written."""
        [log] = [Path(one.record.log) for one in self.jobs() if one.record.job == job]
        return log.read_text() if log.exists() else ""

    def states(self) -> dict[str, str]:
        """Return the states of all jobs."""
        return {job.record.job: status.state for job, status in statuses(submitted_jobs(self.root))}

    def wait_for_state(self, job: str, state: str) -> None:
        """Wait until a job has a state."""
        wait_until(lambda: self.states()[job] == state, f"job {job} to be {state}")

    def kill_process(self, seed: int) -> None:
        """Kill the process of a training, as a lack of memory does."""
        folder = str(self.runs()[seed].path)
        [process] = [
            process
            for process in psutil.process_iter(["cmdline"])
            if folder in (process.info["cmdline"] or [])
        ]
        process.send_signal(signal.SIGKILL)

    def assert_undisturbed(self, seeds: list[int]) -> None:
        """Check that every seed has one run, which ended as if nothing had happened."""
        runs = self.runs()
        assert sorted(runs) == seeds
        for seed in seeds:
            assert read_metadata(runs[seed])["status"] == "finished"
            expected = self._undisturbed(seed)
            assert curve(runs[seed]) == curve(expected)
            found, wanted = parameters(runs[seed]), parameters(expected)
            assert found.keys() == wanted.keys()
            assert all(torch.equal(found[name], wanted[name]) for name in found)

    def _undisturbed(self, seed: int) -> RunFolder:
        mapping = configuration(self._folder / "undisturbed", pause=False, **self._how)
        config = load_config_mapping(mapping, [f"experiment.seed={seed}"]).config
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reports, "plot_progress", lambda folder: None)
            return run_plan(Plan(config))[0]


def parameters(run: RunFolder) -> dict[str, torch.Tensor]:
    """Read the policy's parameters."""
    _, saved, _ = load_from_zip_file(run.model, device="cpu", load_data=False)
    return dict(saved["policy"])


def curve(run: RunFolder) -> list[dict[str, str]]:
    """Read a learning curve without what the clock says."""
    with (run.path / "progress.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    return [{name: value for name, value in row.items() if not name.startswith("time/")} for row in rows]
