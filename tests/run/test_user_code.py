from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rl_pipeline.run.final_evaluation import evaluate_checkpoint
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import choose_checkpoint
from rl_pipeline.run.train import plan_resume, run_plan

from .conftest import SAMPLE_ENVS

NETWORK = """
import gymnasium
import torch
from rl_pipeline.models.feature_extractors.base_extractor import BaseFeaturesExtractor


class TwoLayers(BaseFeaturesExtractor):
    def __init__(self, observation_space: gymnasium.Space, features_dim: int = 6) -> None:
        super().__init__(observation_space, features_dim)
        size = observation_space.shape[0]
        self.layers = torch.nn.Sequential(torch.nn.Linear(size, features_dim), torch.nn.Tanh())

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        return self.layers(observations)
"""


@pytest.fixture
def run(tmp_path: Path, train: Callable[..., RunFolder]) -> RunFolder:
    """A run with an environment and a network from files that are gone by now."""
    network, environment = tmp_path / "my_network.py", tmp_path / "my_envs.py"
    network.write_text(NETWORK)
    environment.write_text(SAMPLE_ENVS.read_text())
    run = train(
        "a2c",
        f"training.architecture.features_extractor_class={network}:TwoLayers",
        "training.architecture.features_extractor_kwargs={features_dim: 5}",
        environment_id=f"{environment}:SampleEnv",
    )
    network.unlink()
    environment.unlink()
    return run


def test_a_run_needs_nothing_but_its_folder(run: RunFolder, tmp_path: Path) -> None:
    moved = RunFolder(run.path.rename(tmp_path / "elsewhere"))
    report = evaluate_checkpoint(moved, choose_checkpoint(moved, "final"), n_episodes=2)
    assert report["lengths"] == [10, 10]


def test_a_run_goes_on_without_the_files_that_it_started_from(run: RunFolder) -> None:
    _, result, _ = run_plan(plan_resume(str(run.path), ["training.training.total_timesteps=120"]))
    assert result.timestep == 120


def test_the_network_is_the_one_of_the_file(run: RunFolder) -> None:
    from rl_pipeline.run.trained_policy import open_policy

    with open_policy(run, choose_checkpoint(run, "final")) as policy:
        extractor = policy.model.policy.features_extractor
        assert type(extractor).__name__ == "TwoLayers"
        assert extractor(torch.zeros(1, 3)).shape == (1, 5)
