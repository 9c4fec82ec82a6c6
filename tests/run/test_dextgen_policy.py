"""A training starts from the four files of dextgen, and acts as they did."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.config.schema import Config
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.learners.sb3.learner import SB3Learner
from rl_pipeline.run.checkpoints import CheckpointError
from rl_pipeline.run.training_state import load_pretrained
from rl_pipeline.wrappers.build import wrap
from tests.policies.test_dextgen_files import Normalizer, pickled

from .goal_env import SIZES

ENV = f"{Path(__file__).with_name('goal_env.py')}:Grasp"
N_INPUTS, N_OUTPUTS, WIDTH = 41, 10, 16


class Layers(nn.Module):
    """A network as dextgen names its layers."""

    def __init__(self, inputs: int, outputs: int, last: nn.Module | None) -> None:
        super().__init__()
        sizes = [inputs, WIDTH, WIDTH, outputs]
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(sizes):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.layers = nn.ModuleList([*layers[:-1], *([last] if last else [])])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


def pose(x: torch.Tensor) -> torch.Tensor:
    """Return the actions of dextgen's `PosePolicyNet` for the outputs of its layers."""
    embedding = x[..., 3:9]
    b1 = embedding[..., 0:3] / torch.linalg.norm(embedding[..., 0:3], dim=-1, keepdim=True)
    b2 = embedding[..., 3:6] - (torch.sum(b1 * embedding[..., 3:6], dim=-1, keepdim=True) * b1)
    b2 = b2 / torch.linalg.norm(b2, dim=-1, keepdim=True)
    flat = torch.concat((b1, b2, torch.linalg.cross(b1, b2)), dim=-1)
    matrix = flat.index_select(-1, torch.tensor([0, 3, 6, 1, 4, 7, 2, 5, 8]))
    return torch.concat((x[..., :3], matrix, x[..., 9:]), dim=-1)


class Saved:
    """The files of a policy, and the policy itself."""

    def __init__(self, folder: Path) -> None:
        torch.manual_seed(0)
        folder.mkdir(parents=True)
        self.actor, self.critic = Layers(N_INPUTS, N_OUTPUTS, nn.Tanh()), Layers(N_INPUTS + 13, 1, None)
        self.state, self.goal = Normalizer(38, idx=[0, 1, 2, 9]), Normalizer(3)
        torch.save(self.actor.state_dict(), folder / "actor.pt")
        torch.save(self.critic.state_dict(), folder / "critic.pt")
        (folder / "state_norm.pkl").write_bytes(pickled(self.state))
        (folder / "goal_norm.pkl").write_bytes(pickled(self.goal))

    def inputs(self, raw: dict[str, np.ndarray]) -> torch.Tensor:
        """Normalise as dextgen does."""
        state, goal, chosen = raw["observation"].copy(), raw["desired_goal"], self.state.idx
        state[:, chosen] = (state[:, chosen] - self.state.mean[chosen]) / self.state.std[chosen]
        parts = [state, (goal - self.goal.mean) / self.goal.std]
        return torch.as_tensor(np.concatenate(parts, axis=1), dtype=torch.float32)


def config(pretrained: Path, **architecture: Any) -> Config:
    layers = {
        "net_arch": [WIDTH, WIDTH],
        "activation_fn": "ReLU",
        "features_extractor_class": "GoalExtractor",
    }
    return load_config_mapping(
        {
            "environment": {
                "id": ENV,
                "n_environments": 3,
                "normalize": {"observation": True, "clip_observation": 200.0},
            },
            "training": {
                "algorithm": "ddpg",
                "algorithm_parameters": {"buffer_size": 90},
                "pretrained_model": str(pretrained),
                "hindsight_replay": {},
                "architecture": {**layers, "rotation_head": 3, **architecture},
                "training": {"device": "cpu"},
            },
        }
    ).config


def started(config: Config) -> tuple[SB3Learner, dict[str, np.ndarray]]:
    env = wrap(make_vector_env(config.environment, seed=0), config.environment, training=True)
    learner = SB3Learner(config.training, env, seed=0)
    load_pretrained(config, learner, env)
    rng = np.random.default_rng(1)
    return learner, {key: rng.normal(2.0, 3.0, (20, size)) for key, size in SIZES.items()}


def test_it_acts_and_values_as_in_dextgen(tmp_path: Path) -> None:
    saved = Saved(tmp_path / "pretrain" / Path(ENV).name)
    learner, raw = started(config(tmp_path / "pretrain" / Path(ENV).name))
    model, env = learner.model, learner.env
    seen = {key: torch.as_tensor(values) for key, values in env.normalize(raw).items()}  # type: ignore[attr-defined]
    inputs = saved.inputs(raw)
    with torch.no_grad():
        expected = pose(saved.actor(inputs))
        for actor in (model.actor, model.actor_target):
            torch.testing.assert_close(actor(seen), expected, atol=1e-4, rtol=1e-4)
        values = saved.critic(torch.cat([inputs, expected], dim=1))
        for critic in (model.critic, model.critic_target):
            torch.testing.assert_close(critic(seen, expected)[0], values, atol=1e-4, rtol=1e-4)
    env.close()


@pytest.mark.parametrize(
    ("architecture", "words"),
    [
        ({"net_arch": [8]}, r"actor.pt has layers of 41->16, 16->16, 16->10, the model of 41->8, 8->10"),
        ({"rotation_head": None}, r"the model of 41->16, 16->16, 16->13"),
    ],
)
def test_another_network_is_refused(tmp_path: Path, architecture: dict[str, Any], words: str) -> None:
    Saved(tmp_path / "policy")
    with pytest.raises(CheckpointError, match=words):
        started(config(tmp_path / "policy", **architecture))


def test_a_file_that_executes_something_is_refused(tmp_path: Path) -> None:
    Saved(tmp_path / "policy")
    torch.save(Layers(2, 2, None), tmp_path / "policy" / "critic.pt")
    with pytest.raises(
        CheckpointError, match=r"critic.pt contains more than tensors, which could execute code"
    ):
        started(config(tmp_path / "policy"))
