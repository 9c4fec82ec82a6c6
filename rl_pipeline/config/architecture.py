"""The section `training.architecture`: the networks of the policy."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from rl_pipeline.config.section import NonNegative, Positive, Section, Text

LayerWidths = list[Positive]


def _shape(value: object) -> str | None:
    if isinstance(value, list):
        return "list"
    return "mapping" if isinstance(value, Mapping) else None


NetArch = Annotated[
    Annotated[LayerWidths, Tag("list")]
    | Annotated[dict[Literal["pi", "vf", "qf"], LayerWidths], Tag("mapping")],
    Discriminator(
        _shape, custom_error_type="net_arch", custom_error_message="is not a valid network architecture"
    ),
]


class Architecture(Section):
    """The networks of the policy; null leaves the choice to Stable-Baselines3."""

    net_arch: NetArch | None = None
    """Widths of the hidden layers, e.g. [64, 64], or one list each for `pi` (actor), `vf`, `qf` (critic)."""
    features_extractor_class: Text | None = None
    """Registered name of a features extractor, 'package.module:Class' or 'path/to/file.py:Class'."""
    features_extractor_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments of the features extractor, e.g. features_dim."""
    activation_fn: Text | None = None
    """Activation between the layers: a class of torch.nn, e.g. 'ReLU'."""
    layer_norm: bool = False
    """Whether to normalise the features of each hidden layer before its activation, in all networks."""
    rotation_head: NonNegative | None = None
    """Index of the first of nine actions that form a rotation matrix, row by row. The actor of DDPG or TD3 then
    learns the matrix as six numbers (https://arxiv.org/abs/1812.07035). Null for none."""
    share_features_extractor: bool | None = None
    """Whether actor and critic share one features extractor."""
    policy_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Any further keyword argument of the Stable-Baselines3 policy, e.g. log_std_init."""
