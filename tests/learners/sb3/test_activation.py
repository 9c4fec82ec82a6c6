import pytest
from stable_baselines3 import SAC
from torch import nn

from rl_pipeline.config.architecture import Architecture
from rl_pipeline.config.errors import Problem
from rl_pipeline.learners.sb3.activation import default_activation, hidden_activation

SAC_POLICY = SAC.policy_aliases["MlpPolicy"]


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ({}, None),
        ({"activation_fn": "ELU"}, "ELU"),
        ({"layer_norm": True}, "LayerNormReLU"),
        ({"layer_norm": True, "activation_fn": "ELU"}, "LayerNormELU"),
    ],
    ids=repr,
)
def test_the_activation_of_the_policy_is_kept(architecture: dict[str, object], expected: str | None) -> None:
    found = hidden_activation(Architecture.model_validate(architecture), SAC_POLICY)
    assert not isinstance(found, Problem)
    assert (found and found.__name__) == expected


def test_each_policy_has_its_own_default() -> None:
    assert default_activation(SAC_POLICY) is nn.ReLU
