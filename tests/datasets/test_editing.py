"""Velocities, other rates, parts, chains, closed cycles and mirror images."""

import mujoco
import numpy as np
import pytest

from rl_pipeline.datasets.chaining import chain, close_cycle, heading_removed, repeat
from rl_pipeline.datasets.mirroring import mirror, mirrored_joints, other_side
from rl_pipeline.datasets.motions import Motion, MotionError
from rl_pipeline.datasets.quaternions import angle_between, from_rotation_vector, multiply
from rl_pipeline.datasets.resampling import cut, resample
from rl_pipeline.datasets.velocities import with_velocities
from tests.datasets.motions import FREE, walk


def true_hip_velocity(motion: Motion) -> np.ndarray:
    return 0.4 * 2 * np.pi / motion.duration * np.cos(2 * np.pi * motion.phase)


@pytest.mark.parametrize("window", [0.0, 0.1])
@pytest.mark.parametrize("cyclic", [True, False])
def test_velocities_are_the_derivatives_of_positions(window: float, cyclic: bool) -> None:
    motion = with_velocities(walk(cyclic=cyclic), window)
    inner = slice(None) if cyclic else slice(5, -5)
    np.testing.assert_allclose(motion.joint_velocities[inner, 0], true_hip_velocity(motion)[inner], atol=0.02)
    np.testing.assert_allclose(motion.root_linear_velocity[inner, 0], 1.0, atol=1e-6)
    turning = 0.1 * 2 * np.pi * np.cos(2 * np.pi * motion.phase)
    np.testing.assert_allclose(motion.root_angular_velocity[inner, 1], turning[inner], atol=0.01)


def test_a_window_smooths_noise() -> None:
    clean = walk()
    noisy = clean.joint_positions + np.random.default_rng(0).normal(0, 1e-3, clean.joint_positions.shape)
    noisy[-1] = noisy[0]

    def error(window: float) -> float:
        found = with_velocities(clean.changed(joint_positions=noisy), window).joint_velocities[:, 0]
        return float(np.abs(found - true_hip_velocity(clean)).max())

    assert error(0.15) < error(0.0) / 3


def test_angular_velocity_is_that_in_the_frame_of_the_root() -> None:
    spin = from_rotation_vector(np.outer(np.arange(50) * 0.02, (0, 0, 1)))
    upright = from_rotation_vector(np.array((np.pi / 2, 0, 0)))
    motion = walk(frames=50, cyclic=False, root_orientation=multiply(spin, upright))
    found = with_velocities(motion, 0.0).root_angular_velocity
    np.testing.assert_allclose(found, np.tile((0, 2, 0), (50, 1)), atol=1e-9)


def test_resampling_keeps_times_and_interpolates() -> None:
    motion = walk(cyclic=False)
    finer = resample(motion, 0.004)
    assert (len(finer), finer.dt) == (251, 0.004)
    np.testing.assert_allclose(finer.joint_positions[::5], motion.joint_positions[::2], atol=1e-9)
    assert angle_between(finer.root_orientation[5:6], motion.root_orientation[2:3])[0] < 1e-9
    np.testing.assert_allclose(np.linalg.norm(finer.root_orientation, axis=1), 1)
    assert resample(motion, motion.dt) is motion
    assert len(resample(motion, 0.03)) == 34


def test_a_resampled_cycle_stays_closed_and_consists_of_whole_frames() -> None:
    motion = walk(dt=0.0101)  # lasts 1.01 s
    resampled = resample(motion, 0.02)
    assert resampled.cyclic
    assert resampled.duration == pytest.approx(1.0)
    np.testing.assert_allclose(resampled.advance, motion.advance)
    np.testing.assert_allclose(resampled.root_linear_velocity[:, 0], 1 / 1.0, atol=1e-6)
    with pytest.raises(MotionError, match="not close to a multiple"):
        resample(motion, 0.7)
    with pytest.raises(MotionError, match="must be positive"):
        resample(motion, -1.0)


def test_a_part_is_cut_out() -> None:
    part = cut(walk(), 0.2, 0.5)
    assert (len(part), part.cyclic, part.phase[0], part.phase[-1]) == (31, False, 0, 1)
    np.testing.assert_array_equal(part.joint_positions, walk().joint_positions[20:51])
    assert cut(walk()).cyclic
    for start, end in ((0.5, 0.2), (0.0, 3.0), (0.5, 0.501)):
        with pytest.raises(MotionError):
            cut(walk(), start, end)


def test_steps_are_chained_where_the_last_one_ended() -> None:
    twice = repeat(walk(), 2)
    assert len(twice) == 201
    np.testing.assert_allclose(twice.advance, (2, 0, 0), atol=1e-12)
    np.testing.assert_allclose(np.diff(twice.root_position[:, 0]), 0.01)
    assert (twice.phase[99], twice.phase[100], twice.phase[150]) == (0.99, 0, 0.5)
    with pytest.raises(MotionError, match=r"left_hip jumps by 0\.8"):
        chain([cut(walk(), 0, 0.25), cut(walk(), 0.75)])
    with pytest.raises(MotionError, match="different rates"):
        chain([walk(), walk(dt=0.02)])
    with pytest.raises(MotionError, match="right_hip"):
        chain([walk(), walk(joint_names=("left_hip", "right_hips"))])
    with pytest.raises(MotionError, match="is not cyclic"):
        repeat(cut(walk(), 0, 0.5), 2)


def test_phases_of_a_chain_survive_resampling() -> None:
    phase = resample(repeat(walk(), 2), 0.0025).phase
    assert (np.diff(phase) < -0.9).sum() == 1
    assert (np.diff(phase) < 0).sum() == 1


def test_an_open_cycle_is_closed() -> None:
    drift = np.linspace(0, 1, 101)[:, np.newaxis] * (0.05, -0.1)
    tilt = from_rotation_vector(np.outer(np.linspace(0, 0.1, 101), (0, 1, 0)))
    motion = walk(
        cyclic=False,
        joint_positions=walk().joint_positions + drift,
        root_orientation=multiply(walk().root_orientation, tilt),
    )
    closed = close_cycle(motion)
    assert closed.cyclic
    np.testing.assert_allclose(closed.joint_positions, walk().joint_positions, atol=1e-9)
    np.testing.assert_allclose(closed.root_orientation, walk().root_orientation, atol=1e-6)
    with pytest.raises(MotionError, match="jumps by"):
        close_cycle(cut(walk(), 0, 0.25))


def test_the_heading_is_removed() -> None:
    turn = from_rotation_vector(np.array((0, 0, 1.0)))
    motion = heading_removed(walk(root_orientation=multiply(turn, walk().root_orientation)))
    np.testing.assert_allclose(motion.root_orientation, walk().root_orientation, atol=1e-9)
    np.testing.assert_allclose(motion.root_position[0, :2], 0, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("left_knee", "right_knee"),
        ("knee_l", "knee_r"),
        ("lfemurrx", "rfemurrx"),
        ("hip_l_x", "hip_r_x"),
        ("L_hip", "R_hip"),
        ("lowerbackrx", "lowerbackrx"),
        ("root", "root"),
    ],
)
def test_names_of_the_other_side(name: str, other: str) -> None:
    names = ["left_knee", "right_knee", "knee_l", "knee_r", "lfemurrx", "rfemurrx", "hip_l_x", "hip_r_x"]
    names += ["L_hip", "R_hip", "lowerbackrx", "root"]
    assert other_side(name, names) == other
    assert other_side(other, names) == name


def test_mirroring_swaps_sides_and_twice_gives_the_motion_back() -> None:
    sideways = walk().root_position + np.outer(walk().phase, (0, 0.3, 0))
    motion = walk(root_position=sideways)
    image = mirror(motion)
    np.testing.assert_array_equal(image.joint_positions, motion.joint_positions[:, ::-1])
    np.testing.assert_array_equal(image.contacts, motion.contacts[:, ::-1])
    assert image.advance[1] == pytest.approx(-0.3)
    again = mirror(image)
    for field in ("joint_positions", "root_position", "root_orientation", "root_angular_velocity"):
        np.testing.assert_array_equal(getattr(again, field), getattr(motion, field))


def test_signs_come_from_the_axes_of_a_model() -> None:
    same_axes = mujoco.MjModel.from_xml_string(FREE.replace('axis="0 -1 0"', 'axis="1 0 0"'))
    assert mirrored_joints(same_axes, ("left_hip", "right_hip")) == {
        "left_hip": "-right_hip",
        "right_hip": "-left_hip",
    }
    across = mujoco.MjModel.from_xml_string(FREE)
    assert mirrored_joints(across, ("left_hip", "right_hip")) == {
        "left_hip": "right_hip",
        "right_hip": "left_hip",
    }
    odd = mujoco.MjModel.from_xml_string(FREE.replace('axis="0 -1 0"', 'axis="1 0 0"', 1))
    with pytest.raises(MotionError, match="mirrored axis"):
        mirrored_joints(odd, ("left_hip", "right_hip"))


@pytest.mark.parametrize(
    ("joints", "said"),
    [
        ({"left_hip": "right_hop", "right_hip": "left_hip"}, "right_hip ?"),
        ({"left_hip": "right_hip"}, "leaves out joints"),
        ({"left_hip": "right_hip", "right_hip": "right_hip"}, "two joints to the same joint"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(joints: dict[str, str], said: str) -> None:
    with pytest.raises(MotionError) as error:
        mirror(walk(), joints)
    assert said in str(error.value)
