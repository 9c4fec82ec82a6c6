"""What a `model.zip` holds, for every algorithm and both engines."""

import io
from pathlib import Path
from typing import Literal

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.class_path import resolve_class
from rl_pipeline.learners.sb3.engines import FAST_CLASSES, engine_class
from rl_pipeline.learners.sb3.model_file import save_model
from rl_pipeline.learners.sb3.registry import ALGORITHMS
from rl_pipeline.learners.sb3.schedules import Linear
from rl_pipeline.models.blocks.layer_norm import with_layer_norm
from rl_pipeline.models.feature_extractors.base_extractor import BaseFeaturesExtractor
from rl_pipeline.models.feature_extractors.resnet_mlp import ResnetMLP
from tests.without_us import modules_in_model, of_ours, run_without_us

FALLING = Linear(0.0, 0.004, 0.0, 1.0)
CASES = [*((name, "stock") for name in ALGORITHMS), *((name, "fast") for name in FAST_CLASSES)]


def write(model: BaseAlgorithm, path: Path) -> None:
    with path.open("wb") as file:
        save_model(model, file)


@pytest.mark.parametrize(("name", "engine"), CASES)
def test_nothing_of_ours_is_referenced(name: str, engine: Literal["fast", "stock"], tmp_path: Path) -> None:
    algorithm = ALGORITHMS[name]
    env = "Pendulum-v1" if spaces.Box in algorithm.action_spaces else "CartPole-v1"
    small = {"buffer_size": 10} if algorithm.family == "off_policy" else {}
    policy = algorithm.policy_for(gymnasium.make(env).observation_space)
    model = engine_class(algorithm, engine)(policy, env, learning_rate=FALLING, device="cpu", **small)
    model._current_progress_remaining = 0.5
    write(model, tmp_path / "model.zip")
    assert not of_ours(modules_in_model(tmp_path / "model.zip"))
    assert model.learning_rate is FALLING
    loaded = algorithm.model_class.load(tmp_path / "model.zip", device="cpu")
    assert loaded.learning_rate == 0.002
    assert loaded.lr_schedule(1.0) == loaded.lr_schedule(0.0) == 0.002


def test_every_schedule_becomes_its_present_value() -> None:
    model = PPO("MlpPolicy", "CartPole-v1", clip_range=FALLING, clip_range_vf=FALLING, device="cpu")
    model._current_progress_remaining = 0.25
    file = io.BytesIO()
    save_model(model, file)
    loaded = PPO.load(file, device="cpu")
    assert loaded.learning_rate == model.learning_rate
    assert [loaded.clip_range(1.0), loaded.clip_range_vf(0.0)] == [0.001, 0.001]
    assert model.clip_range(1.0) == 0.004


OWN = """\
import torch
from rl_pipeline.models.feature_extractors.base_extractor import BaseFeaturesExtractor

class Own(BaseFeaturesExtractor):
    def __init__(self, observation_space, features_dim=4):
        super().__init__(observation_space, features_dim)
        self.layer = torch.nn.Linear(observation_space.shape[0], features_dim)

    def forward(self, observations):
        return self.layer(observations)
"""
LOAD = """\
from stable_baselines3 import PPO

for name in ("ours", "own"):
    model = PPO.load(f"{name}.zip", device="cpu")
    print(type(model.policy.features_extractor).__name__, model.predict([0.1] * 4, deterministic=True)[0])
"""


def test_networks_are_saved_with_their_code(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    own = resolve_class(f"{tmp_path / 'own.py'}:Own", BaseFeaturesExtractor, "key")
    expected = ""
    for name, extractor in {"ours": ResnetMLP, "own": own}.items():
        kwargs = {"features_extractor_class": extractor, "features_extractor_kwargs": {"features_dim": 8}}
        model = PPO("MlpPolicy", "CartPole-v1", policy_kwargs=kwargs, device="cpu")
        write(model, tmp_path / f"{name}.zip")
        assert not of_ours(modules_in_model(tmp_path / f"{name}.zip"))
        expected += f"{extractor.__name__} {model.predict(np.full(4, 0.1), deterministic=True)[0]}\n"
    (tmp_path / "own.py").unlink()
    assert run_without_us(LOAD, tmp_path) == expected


LOAD_NORMALIZED = """\
import numpy as np
from stable_baselines3 import SAC

model = SAC.load("model.zip", device="cpu")
print(model.actor.latent_pi[1], model.predict(np.full(3, 0.1), deterministic=True)[0])
"""


def test_normalised_layers_are_saved_with_their_code(tmp_path: Path) -> None:
    kwargs = {"net_arch": [8, 8], "activation_fn": with_layer_norm(torch.nn.ReLU)}
    model = SAC("MlpPolicy", "Pendulum-v1", policy_kwargs=kwargs, buffer_size=10, device="cpu")
    write(model, tmp_path / "model.zip")
    assert not of_ours(modules_in_model(tmp_path / "model.zip"))
    action = model.predict(np.full(3, 0.1), deterministic=True)[0]
    assert run_without_us(LOAD_NORMALIZED, tmp_path) == f"{model.actor.latent_pi[1]} {action}\n"
