"""A training in a process of its own, as a user or a cluster starts it."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import yaml

from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.folder import RunFolder, find_runs

PATIENCE = 300.0
"""Seconds after which a process that does not do what is waited for has failed, on however slow a machine."""


class Training:
    """A training in a process of its own, with a checkpoint every 20 of its many timesteps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.yaml"
        self.process: subprocess.Popen[str]
        self.children: list[psutil.Process] = []

    def configure(self, *, workers: int = 0, **kwargs: object) -> None:
        mapping = {
            "experiment": {"name": "tiny", "folder": str(self.folder / "experiments")},
            "environment": {
                "id": f"{Path(__file__).with_name('sample_envs.py')}:SampleEnv",
                "n_environments": 2,
                "n_workers": workers,
                "max_worker_restarts": 0,
                "kwargs": {"trouble": "pause", **kwargs},
            },
            "training": {
                "algorithm": "a2c",
                "tensorboard": False,
                "training": {
                    "total_timesteps": 4000,
                    "device": "cpu",
                    "verbose": 0,
                    "eval": {"num_evals": 0},
                },
                "checkpoint": {"frequency": 20, "export": False},
            },
            "evaluation": {"num_episodes": 1, "video": False},
        }
        self.config.write_text(yaml.safe_dump(mapping))

    @property
    def command(self) -> list[str]:
        return ["train", "--config", str(self.config)]

    def start(self, *arguments: str, before: tuple[str, ...] = (), **how: Any) -> None:
        """Start it; `before` stands in front of the command, as `nohup` does, `how` goes to `Popen`."""
        command = [*before, sys.executable, "-m", "rl_pipeline", *self.command, *arguments]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        self.process = subprocess.Popen(command, text=True, env=environment, **streams | how)

    @property
    def run(self) -> RunFolder:
        return find_runs(self.folder / "experiments")[-1]

    def has_reached(self, timestep: int) -> bool:
        """Return whether the training has written a checkpoint that late."""
        steps = self.folder.glob("experiments/*/*/*/checkpoints/step_*")
        return any(int(path.name[5:]) >= timestep for path in steps)

    def wait_for_timestep(self, timestep: int) -> None:
        """Wait until the training has written a checkpoint that late, and note its child processes."""
        deadline = time.monotonic() + PATIENCE
        while not self.has_reached(timestep):
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.02)
        self.children = psutil.Process(self.process.pid).children(recursive=True)

    def wait_for_the_conclusion(self) -> None:
        """Wait until all is trained and the evaluation at the end has begun."""
        deadline = time.monotonic() + PATIENCE
        while not list(self.folder.glob("experiments/*/*/*/checkpoints/final")):
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def end(self) -> tuple[int, str]:
        """Wait for the end of the training and of all its children; return its exit status and what it said."""
        output, _ = self.process.communicate(timeout=PATIENCE)
        _, alive = psutil.wait_procs(self.children, timeout=PATIENCE)
        assert alive == []
        return self.process.returncode, output


def newest_timestep(run: RunFolder) -> int:
    newest = CheckpointStore(run.checkpoints).newest_good()
    assert newest is not None
    return newest.timestep
