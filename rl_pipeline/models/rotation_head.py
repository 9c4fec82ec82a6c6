"""Actions with a rotation matrix, which the actor learns as six numbers (Zhou et al. 2019, arXiv:1812.07035)."""

from typing import Any

import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.td3.policies import Actor, TD3Policy
from torch import nn
from torch.nn import functional

MATRIX, EMBEDDING = 9, 6
SMALLEST = 1e-4
"""Vectors shorter than this have no direction and are replaced."""


class RotationHead(nn.Module):
    """Converts six of a network's outputs to the nine numbers of a rotation matrix, row by row.

    The six numbers are two vectors: the first column of the matrix is the direction of the first vector, the second
    column is the direction of the perpendicular part of the second vector, and the third is their cross product.

    Args:
        start: Index of the first of the six.
    """

    def __init__(self, start: int) -> None:
        super().__init__()
        self.start = start

    def forward(self, outputs: torch.Tensor) -> torch.Tensor:
        """Map (n, size) to (n, size + 3)."""
        before, embedding, after = (
            outputs[..., : self.start],
            outputs[..., self.start : self.start + EMBEDDING],
            outputs[..., self.start + EMBEDDING :],
        )
        return torch.cat((before, rotation_matrix(embedding).flatten(-2), after), dim=-1)


def rotation_matrix(embedding: torch.Tensor) -> torch.Tensor:
    """Return the rotation matrices (n, 3, 3) of pairs of vectors (n, 6)."""
    first, second = embedding[..., :3], embedding[..., 3:]
    x_axis, z_axis = (torch.eye(3, dtype=embedding.dtype, device=embedding.device)[row] for row in (0, 2))
    first = _direction(first, x_axis.expand_as(first))
    other = torch.where(first[..., 2:].abs() < 0.9, z_axis, x_axis)
    second = _direction(
        _perpendicular(second, first), functional.normalize(_perpendicular(other, first), dim=-1)
    )
    second = functional.normalize(
        _perpendicular(second, first), dim=-1
    )  # the remainder of rounding for nearly parallel vectors
    return torch.stack((first, second, torch.linalg.cross(first, second)), dim=-1)


def _perpendicular(vector: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    return vector - (direction * vector).sum(dim=-1, keepdim=True) * direction


def _direction(vector: torch.Tensor, otherwise: torch.Tensor) -> torch.Tensor:
    is_short = vector.square().sum(dim=-1, keepdim=True) < SMALLEST**2
    return functional.normalize(torch.where(is_short, otherwise, vector), dim=-1)


class RotationPolicy(TD3Policy):
    """A policy of TD3 or DDPG whose actor ends with a `RotationHead`.

    Args:
        arguments: Arguments of `TD3Policy`.
        rotation_head: Index of the first of the nine actions that form a rotation matrix.
        keywords: Keyword arguments of `TD3Policy`.
    """

    def __init__(self, *arguments: Any, rotation_head: int, **keywords: Any) -> None:
        self.rotation_head = rotation_head
        super().__init__(*arguments, **keywords)

    def make_actor(self, features_extractor: BaseFeaturesExtractor | None = None) -> Actor:
        """Make an actor with the head."""
        actor = super().make_actor(features_extractor)
        *hidden, last, squashing = actor.mu
        assert isinstance(last, nn.Linear)
        narrower = nn.Linear(last.in_features, last.out_features - (MATRIX - EMBEDDING))
        actor.mu = nn.Sequential(*hidden, narrower, squashing, RotationHead(self.rotation_head))
        return actor.to(self.device)

    def _get_constructor_parameters(self) -> dict[str, Any]:
        return {**super()._get_constructor_parameters(), "rotation_head": self.rotation_head}
