from pathlib import Path

import pytest
import torch
from gymnasium import spaces
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

from rl_pipeline.config.errors import Problem
from rl_pipeline.models.feature_extractors.resnet_mlp import ResnetMLP
from rl_pipeline.models.registry import (
    check_extractor_arguments,
    find_activation,
    find_feature_extractor,
    find_optimizer,
)

CUSTOM = """
from rl_pipeline.models.feature_extractors.base_extractor import BaseFeaturesExtractor

class Tiny(BaseFeaturesExtractor):
    def __init__(self, observation_space, features_dim=4, scale=1.0):
        super().__init__(observation_space, features_dim)
"""


def test_registered_names_are_found() -> None:
    assert find_feature_extractor("ResnetMLP") is ResnetMLP
    assert find_activation("ReLU") is torch.nn.ReLU
    assert find_optimizer("AdamW") is torch.optim.AdamW


@pytest.mark.parametrize(
    ("find", "name", "nearest"),
    [
        (find_feature_extractor, "ResNetMLP2", "ResnetMLP"),
        (find_activation, "Relu", "ReLU"),
        (find_optimizer, "adam", "Adam"),
    ],
)
def test_an_unknown_name_gives_the_nearest(find: object, name: str, nearest: str) -> None:
    problem = find(name)  # type: ignore[operator]
    assert isinstance(problem, Problem)
    assert problem.nearest == nearest
    assert nearest in problem.valid
    assert "path/to/file.py:Class" in (problem.remedy or "")


def test_a_users_own_extractor_is_found_and_its_arguments_are_checked(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(CUSTOM)
    extractor = find_feature_extractor(f"{tmp_path}/tiny.py:Tiny")
    assert isinstance(extractor, type)
    assert issubclass(extractor, BaseFeaturesExtractor)
    assert check_extractor_arguments(extractor, {"features_dim": 8, "scale": 2.0}) == []
    [problem] = check_extractor_arguments(extractor, {"feature_dim": 8})
    assert problem.nearest == "features_dim"


def test_a_class_of_another_kind_is_refused() -> None:
    problem = find_feature_extractor("torch.nn:Linear")
    assert isinstance(problem, Problem)
    assert "BaseFeaturesExtractor" in problem.message


@pytest.mark.parametrize("width", [None, 16])
def test_the_residual_network_gives_features_and_gradients(width: int | None) -> None:
    torch.manual_seed(0)
    extractor = ResnetMLP(spaces.Box(-1, 1, (2, 3)), features_dim=8, width=width, n_blocks=3)
    features = extractor(torch.randn(5, 2, 3))
    assert features.shape == (5, 8)
    features.sum().backward()
    assert all(parameter.grad is not None for parameter in extractor.parameters())
