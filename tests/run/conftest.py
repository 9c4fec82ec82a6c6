"""Small runs that the tests of this folder share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.config.schema import Config

MakeConfig = Callable[..., Config]


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
