import numpy as np
import pytest

from rl_pipeline.datasets.gait_cycle import (
    PERCENT,
    curve_of,
    name_of_pair,
    pairs,
    reference_stride,
    strides,
    strike_of,
)
from rl_pipeline.datasets.reading import read_motion
from rl_pipeline.datasets.resampling import cut


@pytest.mark.parametrize(
    ("names", "titles"),
    [
        (["left_hip", "left_knee", "right_hip", "right_knee"], ["hip", "knee"]),
        (["hip_l", "neck", "hip_r"], ["hip", "neck"]),
        (["lfemurrx", "lowerbackrx", "rfemurrx"], ["femurrx", "lowerbackrx"]),
    ],
)
def test_joints_are_drawn_in_pairs(names: list[str], titles: list[str]) -> None:
    assert [name_of_pair(group) for group in pairs(names)] == titles


def test_a_walk_is_cut_into_whole_strides() -> None:
    steps = np.arange(13, 75)
    found = strides(steps, np.sin(2 * np.pi * (steps - 5) / 20), 20, 5, cyclic=True)
    assert found.shape == (2, 101)  # from 25 and from 45; that from 65 is not whole
    at = np.interp(np.linspace(0, 20, 101), np.arange(21), np.sin(2 * np.pi * np.arange(21) / 20))
    np.testing.assert_allclose(found, [at, at], atol=1e-12)


def test_means_over_steps_stand_in_the_middle_of_the_steps() -> None:
    steps = np.arange(13, 75)
    found = strides(steps, steps + 0.5, 20, 5, cyclic=True, offset=0.5)
    np.testing.assert_allclose(found[0], np.linspace(25, 45, 101))


def test_a_motion_that_does_not_repeat_is_one_stride() -> None:
    values = np.arange(31.0)
    assert strides(np.arange(31), values, 20, 0, cyclic=False).shape == (1, 101)
    assert strides(np.arange(5, 36), values, 20, 0, cyclic=False).shape == (0, 101)


def test_a_walk_that_is_too_short_has_no_stride() -> None:
    found = strides(np.arange(10, 25), np.zeros(15), 20, 5, cyclic=True)
    curve = curve_of([found])
    assert curve.n_strides == 0
    assert np.isnan(curve.mean).all()


def test_strides_of_a_leg_begin_where_its_foot_strikes() -> None:
    walk = read_motion("planar_walker_walk")
    assert strike_of(walk, "right_knee") == 0
    assert strike_of(walk, "left_knee") == 55
    assert strike_of(cut(walk, 0.0, 0.5), "left_knee") == 0
    left, right = (walk.joint_positions[:, walk.joint(f"{side}_knee")] for side in ("left", "right"))
    np.testing.assert_allclose(reference_stride(left, 55), reference_stride(right, 0), atol=1e-6)


def test_curves_hold_mean_and_spread_over_all_walks() -> None:
    curve = curve_of([np.zeros((1, 101)), np.stack([PERCENT, 2 * PERCENT])])
    np.testing.assert_allclose(curve.mean, PERCENT)
    np.testing.assert_allclose(curve.spread, np.sqrt(2 / 3) * PERCENT)
    assert curve.n_strides == 3
