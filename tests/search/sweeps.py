"""Sweeps whose trainings take a moment."""

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from optuna.trial import FrozenTrial, TrialState

from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.run.control import TrainingControl
from rl_pipeline.search.driver import SweepDriver
from rl_pipeline.search.folder import SweepFolder, create_sweep_folder, sweep_of
from rl_pipeline.search.launcher import JobState, Launcher, Work
from rl_pipeline.search.local import LocalLauncher
from rl_pipeline.search.settings import search_space

from . import quick_training

LEARNING_RATE = "training.algorithm_parameters.learning_rate"
GAMMA = "training.algorithm_parameters.gamma"
EXPERIMENT: dict[str, Any] = {
    "experiment": {"name": "tiny"},
    "environment": {"id": "CartPole-v1", "n_environments": 2},
    "training": {
        "algorithm": "a2c",
        "tensorboard": False,
        "training": {"total_timesteps": 40, "device": "cpu", "verbose": 0},
    },
    "evaluation": {"num_episodes": 2, "video": False},
}


class QuickLauncher(LocalLauncher):
    """Starts the stand-in of trainings in real processes."""

    def submit(self, work: Work) -> str:
        script = str(Path(__file__).with_name("quick_training.py"))
        return super().submit(replace(work, command=(sys.executable, script, *work.command[3:])))


class InstantLauncher:
    """Trains within `submit`, in this process; its jobs outlive drivers."""

    def __init__(self) -> None:
        self.n_parallel = 2
        self.submitted: list[str] = []
        self._states: dict[str, JobState] = {}

    def submit(self, work: Work) -> str:
        config = yaml.safe_load(Path(work.command[5]).read_text())
        status = quick_training.train(config, Path(work.command[9]), int(work.command[10].partition("=")[2]))
        self.submitted.append(work.name)
        job = f"job {len(self.submitted)}"
        self._states[job] = "failed" if status else "finished"
        return job

    def state(self, job: str) -> JobState:
        return self._states[job]

    def stop(self, job: str, *, at_once: bool = False) -> None:
        """Do nothing: every job has ended."""


def make_sweep(parent: Path, **section: object) -> SweepFolder:
    mapping = {**EXPERIMENT, "sweep": {"name": "quick", "folder": str(parent), **section}}
    return create_sweep_folder(load_config_mapping(mapping).config)[0]


def make_driver(folder: SweepFolder, launcher: Launcher | None = None) -> SweepDriver:
    config = folder.load()
    launcher = launcher or QuickLauncher(folder.path, sweep_of(config).workers)
    return SweepDriver(folder, config, search_space(config), launcher, TrainingControl())


def carry_out(folder: SweepFolder, launcher: Launcher | None = None) -> list[FrozenTrial]:
    driver = make_driver(folder, launcher)
    with folder.locked():
        driver.run()
    return driver.study.trials()


def meanwhile(act: Callable[[], object]) -> threading.Thread:
    """Do something in a thread while the driver runs in this one."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def outcomes(trials: list[FrozenTrial]) -> list[tuple[dict[str, Any], TrialState, list[float] | None]]:
    """Return what must not depend on kills."""
    return [(trial.params, trial.state, trial.values) for trial in trials]
