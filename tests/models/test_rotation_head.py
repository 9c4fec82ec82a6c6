"""Rotation matrices of six numbers."""

import torch

from rl_pipeline.models.rotation_head import RotationHead, rotation_matrix


def test_every_embedding_gives_a_rotation_with_finite_slopes() -> None:
    torch.manual_seed(0)
    unusual = [[0.0] * 6, [1.0, 2.0, 3.0, 2.0, 4.0, 6.0], [0.0, 0.0, 1.0, 0.0, 0.0, -1.0]]
    embedding = torch.cat([torch.randn(50, 6), torch.tensor(unusual)]).requires_grad_()
    matrices = rotation_matrix(embedding)
    identity = torch.eye(3).expand(len(embedding), 3, 3)
    torch.testing.assert_close(matrices @ matrices.transpose(1, 2), identity, atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(matrices), torch.ones(len(embedding)), atol=1e-5, rtol=0)
    matrices.square().sum().backward()
    assert embedding.grad is not None
    assert torch.isfinite(embedding.grad).all()


def test_columns_are_those_of_the_two_vectors() -> None:
    outputs = torch.tensor([[7.0, 0.0, 2.0, 0.0, 1.0, 5.0, 0.0, 8.0, 9.0]])
    head = RotationHead(1)(outputs)
    expected = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    assert head.shape == (1, 12)
    torch.testing.assert_close(head[0, 1:10].reshape(3, 3), expected)
    assert (head[0, 0], head[0, 10], head[0, 11]) == (7, 8, 9)
