import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from stable_baselines3 import PPO

from rl_pipeline.config.schema import Config
from rl_pipeline.run.final_evaluation import evaluate_checkpoint
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import choose_checkpoint
from rl_pipeline.run.portable import portable_run
from rl_pipeline.run.train import Plan, run_plan

NETWORK = """
import torch
from rl_pipeline.models.feature_extractors.base_extractor import BaseFeaturesExtractor


class Doubled(BaseFeaturesExtractor):
    def __init__(self, observation_space, features_dim=8):
        super().__init__(observation_space, features_dim)
        self.layer = torch.nn.Linear(observation_space.shape[0], features_dim)

    def forward(self, observations):
        return 2.0 * self.layer(observations)
"""


@pytest.fixture
def run(make_config: Callable[..., Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A finished run whose network is in a file that is gone."""
    monkeypatch.chdir(tmp_path)
    Path("networks.py").write_text(NETWORK)
    extractor = "training.architecture.features_extractor_class=networks.py:Doubled"
    folder, _, _ = run_plan(Plan(make_config("CartPole-v1", "a2c", extractor)))
    Path("networks.py").unlink()
    return folder


def test_a_run_needs_nothing_but_its_folder(run: RunFolder, tmp_path: Path) -> None:
    moved = RunFolder(tmp_path / "elsewhere")
    shutil.move(run.path, moved.path)
    report = evaluate_checkpoint(moved, choose_checkpoint(moved), n_episodes=1)
    assert len(report["returns"]) == 1


def test_a_portable_copy_can_be_evaluated(run: RunFolder) -> None:
    with portable_run(run) as path:
        copy = RunFolder(path)
        assert {each.name for each in copy.checkpoints.iterdir()} == {"best", "final"}
        report = evaluate_checkpoint(copy, choose_checkpoint(copy, "final"), n_episodes=1)
    assert report["checkpoint"] == "final"


def test_stock_sb3_loads_a_model_with_a_users_network(
    make_config: Callable[..., Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("networks.py").write_text(NETWORK)
    extractor = "training.architecture.features_extractor_class=networks.py:Doubled"
    folder, _, _ = run_plan(Plan(make_config("CartPole-v1", "ppo", extractor)))
    model = PPO.load(folder.model, device="cpu")
    assert type(model.policy.features_extractor).__name__ == "Doubled"
