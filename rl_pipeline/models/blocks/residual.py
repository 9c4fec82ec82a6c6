"""Residual block of fully connected layers."""

import torch
from torch import nn


class ResidualBlock(nn.Module):
    """Two linear layers whose output is added to their input (He et al. 2015, arXiv:1512.03385).

    Args:
        width: Number of features in and out.
        activation: Class of the activation between the layers and after the addition.
    """

    def __init__(self, width: int, activation: type[nn.Module] = nn.LeakyReLU) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, width), activation(), nn.Linear(width, width))
        self.activation = activation()

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map features of shape (batch, width) to the same shape."""
        return self.activation(features + self.layers(features))
