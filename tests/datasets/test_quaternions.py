import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from rl_pipeline.datasets import quaternions as q

RNG = np.random.default_rng(0)
FIRST, SECOND = (Rotation.random(20, rng=RNG) for _ in range(2))


def ours(rotation: Rotation) -> np.ndarray:
    return rotation.as_quat(scalar_first=True)


def same(actual: np.ndarray, expected: Rotation) -> None:
    np.testing.assert_allclose(
        Rotation.from_quat(actual, scalar_first=True).as_matrix(), expected.as_matrix(), atol=1e-9
    )


def test_products_inverses_and_turned_vectors_are_those_of_scipy() -> None:
    same(q.multiply(ours(FIRST), ours(SECOND)), FIRST * SECOND)
    same(q.inverse(ours(FIRST)), FIRST.inv())
    vectors = RNG.normal(size=(20, 3))
    np.testing.assert_allclose(q.rotate(ours(FIRST), vectors), FIRST.apply(vectors), atol=1e-12)


def test_rotation_vectors_go_both_ways_also_for_no_turn() -> None:
    vectors = np.concatenate((FIRST.as_rotvec(), [[0.0, 0, 0], [1e-9, 0, 0]]))
    np.testing.assert_allclose(q.to_rotation_vector(q.from_rotation_vector(vectors)), vectors, atol=1e-12)


def test_slerp_is_that_of_scipy_the_shorter_way() -> None:
    for first, second in zip(FIRST, SECOND, strict=True):
        expected = Slerp([0, 1], Rotation.concatenate([first, second]))(0.3)
        same(q.slerp(ours(first), -ours(second), 0.3), expected)
    np.testing.assert_allclose(q.slerp(q.IDENTITY, q.IDENTITY, 0.5), q.IDENTITY)


def test_signs_are_made_continuous() -> None:
    steady = q.from_rotation_vector(np.outer(np.linspace(0, 6, 50), (0, 0, 1)))
    flipped = steady * np.where(np.arange(50) % 3 == 1, -1, 1)[:, np.newaxis]
    np.testing.assert_allclose(q.continuous(flipped), steady)


@pytest.mark.parametrize("angle", [0.0, 0.1, 3.0])
def test_angle_between_orientations(angle: float) -> None:
    turned = q.multiply(ours(FIRST), q.from_rotation_vector(np.full((20, 3), angle / np.sqrt(3))))
    np.testing.assert_allclose(q.angle_between(ours(FIRST), -turned), angle, atol=1e-7)
