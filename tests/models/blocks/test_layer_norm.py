import torch
from torch import nn

from rl_pipeline.models.blocks.layer_norm import with_layer_norm


def test_features_are_normalised_before_the_activation() -> None:
    features = torch.randn(4, 16, generator=torch.Generator().manual_seed(0)) * 5 + 3
    expected = nn.Sequential(nn.LayerNorm(16, elementwise_affine=False), nn.ELU())(features)
    torch.testing.assert_close(with_layer_norm(nn.ELU)()(features), expected)
