import jax.numpy as jnp
import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import nn

from rl_pipeline.learners.sb3.fast.coverage import NotCovered
from rl_pipeline.learners.sb3.fast.functions import ACTIVATIONS
from rl_pipeline.learners.sb3.fast.network import Network, views
from rl_pipeline.models.blocks.layer_norm import with_layer_norm
from rl_pipeline.models.feature_extractors.resnet_mlp import ResnetMLP

INPUT = np.random.default_rng(0).normal(scale=3, size=(6, 5)).astype(np.float32)


class TwoInputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((4,), 0.5))
        self.layer = nn.Linear(10, 4, bias=False)
        self.norm = nn.LayerNorm(4)

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        both = self.layer(torch.cat([first, second], dim=1))
        return torch.relu(both) * self.scale - 1.0, self.norm(both + both.tanh())


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda activation: activation.__name__)
def test_activations_equal_torch(activation: type[nn.Module]) -> None:
    module = activation()
    expected = module(torch.from_numpy(INPUT)).numpy()
    for xp in (np, jnp):
        result = np.asarray(Network(nn.Sequential(module)).bind(xp, {})(INPUT))
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("xp", [np, jnp], ids=["numpy", "jax"])
def test_networks_with_branches_equal_torch(xp: object) -> None:
    torch.manual_seed(0)
    resnet = ResnetMLP(spaces.Box(-1, 1, (5,)), features_dim=8)
    np.testing.assert_allclose(
        Network(resnet).bind(xp, views(resnet))(INPUT), resnet(torch.from_numpy(INPUT)).detach(), atol=1e-5
    )
    module = TwoInputs()
    results = Network(module).bind(xp, views(module))(INPUT, -INPUT)
    for result, expected in zip(
        results, module(torch.from_numpy(INPUT), torch.from_numpy(-INPUT)), strict=True
    ):
        np.testing.assert_allclose(result, expected.detach(), atol=1e-5)


@pytest.mark.parametrize("xp", [np, jnp], ids=["numpy", "jax"])
def test_normalised_layers_equal_torch(xp: object) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(5, 7), with_layer_norm(nn.ELU)(), nn.Linear(7, 2))
    expected = module(torch.from_numpy(INPUT)).detach()
    np.testing.assert_allclose(Network(module).bind(xp, views(module))(INPUT), expected, atol=1e-5)


def test_views_follow_the_weights() -> None:
    module = nn.Linear(5, 2)
    forward = Network(nn.Sequential(module)).bind(np, views(module))
    with torch.no_grad():
        module.weight.zero_()
        module.bias.fill_(2)
    np.testing.assert_array_equal(forward(INPUT), 2)


class Branching(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum() > 0 else -x


class Buffered(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x - self.mean


class ReusedInput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(x) + x


def hooked() -> nn.Module:
    module = nn.Linear(5, 5)
    module.register_forward_hook(lambda *_: None)
    return nn.Sequential(module)


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (Branching(), "cannot be traced"),
        (Buffered(), "buffer mean"),
        (ReusedInput(), "overwrites"),
        (hooked(), "hooks"),
        (nn.Sequential(nn.Dropout()), "Dropout"),
        (nn.Sequential(nn.Flatten(0)), "flattens"),
    ],
)
def test_unknown_operations_are_named(module: nn.Module, reason: str) -> None:
    with pytest.raises(NotCovered, match=reason):
        Network(module)
