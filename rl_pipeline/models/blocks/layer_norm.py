"""Layer normalisation without a width, so that it can replace an activation in Stable-Baselines3."""

from typing import ClassVar

import torch
from torch import nn


class FeatureNorm(nn.Module):
    """Normalises each row of features to mean 0 and variance 1 (Ba et al. 2016, arXiv:1607.06450; no gain, no bias).

    It is a module and not a function: the fast engine recognises it by its class, which stays the same when a model
    that was saved with its code is loaded in this process.
    """

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map features of shape (batch, ..., width) to the same shape."""
        return nn.functional.layer_norm(features, features.shape[-1:])


class LayerNormActivation(nn.Module):
    """Normalises the features of a layer and applies an activation to them.

    Attributes:
        activation_class: Class of the activation, which takes no arguments.
    """

    activation_class: ClassVar[type[nn.Module]] = nn.ReLU

    def __init__(self) -> None:
        super().__init__()
        self.norm = FeatureNorm()
        self.activation = self.activation_class()

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map features of shape (batch, ..., width) to the same shape."""
        return self.activation(self.norm(features))


def with_layer_norm(activation: type[nn.Module]) -> type[LayerNormActivation]:
    """Return the class that normalises features before an activation."""
    return type(f"LayerNorm{activation.__name__}", (LayerNormActivation,), {"activation_class": activation})
