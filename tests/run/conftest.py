"""Small runs that the tests of this folder share."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from stable_baselines3.common.save_util import load_from_zip_file

from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.config.schema import Config
from rl_pipeline.run import reports
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.plan import Plan
from rl_pipeline.run.train import run_plan

from .training_process import Training

MakeConfig = Callable[..., Config]
Train = Callable[..., RunFolder]

SAMPLE_ENVS = Path(__file__).with_name("sample_envs.py")


def sample_env(name: str = "SampleEnv") -> str:
    """Name an environment of `sample_envs.py` as a configuration does."""
    return f"{SAMPLE_ENVS}:{name}"


@pytest.fixture
def make_config(tmp_path: Path) -> MakeConfig:
    """A configuration of a tiny training below the test's folder, changed by dotted overrides."""

    def make(environment_id: str = "CartPole-v1", algorithm: str = "ppo", *overrides: str) -> Config:
        mapping: dict[str, Any] = {
            "experiment": {"name": "tiny", "folder": str(tmp_path / "experiments")},
            "environment": {"id": environment_id, "n_environments": 2},
            "training": {
                "algorithm": algorithm,
                "tensorboard": False,
                "training": {
                    "total_timesteps": 256,
                    "device": "cpu",
                    "verbose": 0,
                    "eval": {"num_episodes": 2, "num_evals": 2},
                },
                "checkpoint": {"num_checkpoints": 4},
            },
            "evaluation": {"num_episodes": 2, "video": False},
        }
        return load_config_mapping(mapping, overrides).config

    return make


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no `progress.png`, which takes longer than a tiny training; `test_reports.py` draws it."""
    monkeypatch.setattr(reports, "plot_progress", lambda folder: None)


@pytest.fixture
def train(make_config: MakeConfig, without_pictures: None) -> Train:
    """Train a2c, or another algorithm, for 80 timesteps in the sample environment and return the run's folder."""

    def run(algorithm: str = "a2c", *overrides: str, environment_id: str | None = None) -> RunFolder:
        short = ("training.training.total_timesteps=80", "training.architecture.net_arch=[8]")
        config = make_config(environment_id or sample_env(), algorithm, *short, *overrides)
        return run_plan(Plan(config))[0]

    return run


def parameters(run: RunFolder) -> dict[str, torch.Tensor]:
    """Read the policy's parameters from a run's `model.zip`."""
    _, saved, _ = load_from_zip_file(run.model, device="cpu", load_data=False)
    return saved["policy"]


def are_equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Return whether all parameters are bit-exactly the same."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def curve(run: RunFolder, file: str = "progress.csv") -> list[dict[str, str]]:
    """Read a learning curve without what the clock says."""
    with (run.path / file).open() as stream:
        rows = list(csv.DictReader(stream))
    return [{name: value for name, value in row.items() if not name.startswith("time/")} for row in rows]


@pytest.fixture
def training(tmp_path: Path) -> Iterator[Training]:
    training = Training(tmp_path)
    yield training
    process = getattr(training, "process", None)
    if process is not None and process.poll() is None:
        process.kill()
        process.communicate()
