import mujoco
import numpy as np
import pytest

from rl_pipeline.datasets.binding import bind
from rl_pipeline.datasets.model_poses import pose_differences
from rl_pipeline.datasets.motions import MotionError
from rl_pipeline.datasets.quaternions import from_rotation_vector, multiply
from tests.datasets.motions import FREE, PLANAR, walk


@pytest.fixture(scope="module")
def planar() -> mujoco.MjModel:
    return mujoco.MjModel.from_xml_string(PLANAR)


@pytest.fixture(scope="module")
def free() -> mujoco.MjModel:
    return mujoco.MjModel.from_xml_string(FREE)


def test_a_free_root_takes_pose_and_velocity(free: mujoco.MjModel) -> None:
    motion = walk()
    bound = bind(motion, free)
    np.testing.assert_array_equal(bound.qpos[:, :3], motion.root_position)
    np.testing.assert_array_equal(bound.qpos[:, 3:7], motion.root_orientation)
    np.testing.assert_array_equal(bound.qvel[:, 3:6], motion.root_angular_velocity)
    np.testing.assert_array_equal(bound.qpos[:, 7:], motion.joint_positions)
    np.testing.assert_allclose(bound.bodies.linear_velocities[:, 1], motion.root_linear_velocity, atol=1e-9)


def test_a_planar_root_reaches_the_same_poses(planar: mujoco.MjModel, free: mujoco.MjModel) -> None:
    flat, floating = bind(walk(), planar), bind(walk(), free)
    np.testing.assert_allclose(flat.qpos[:, 1], walk().root_position[:, 2] - 1)
    for field in ("positions", "orientations", "linear_velocities", "angular_velocities", "centre_of_mass"):
        np.testing.assert_allclose(getattr(flat.bodies, field), getattr(floating.bodies, field), atol=1e-9)


def test_joints_are_bound_by_name_in_any_order(planar: mujoco.MjModel) -> None:
    motion = walk()
    swapped = motion.changed(
        joint_names=("right_hip", "left_hip"),
        joint_positions=motion.joint_positions[:, ::-1],
        joint_velocities=motion.joint_velocities[:, ::-1],
    )
    np.testing.assert_array_equal(bind(swapped, planar).qpos, bind(motion, planar).qpos)


def test_other_names_and_signs_are_mapped(planar: mujoco.MjModel) -> None:
    motion = walk(joint_names=("hip_L", "hip_R"))
    bound = bind(motion, planar, joints={"left_hip": "-hip_L", "right_hip": "hip_R"})
    np.testing.assert_array_equal(bound.qpos[:, 3:], motion.joint_positions * (-1, 1))
    with pytest.raises(MotionError) as error:
        bind(motion, planar, joints={"left_hop": "hip_L", "right_hip": "hip_l"})
    assert "did you mean: left_hip ?" in str(error.value)
    assert "did you mean: hip_L ?" in str(error.value)


def test_unknown_joints_are_refused_with_the_nearest_name_or_adapted(planar: mujoco.MjModel) -> None:
    motion = walk(joint_names=("left_hip", "right_hipp"))
    with pytest.raises(MotionError) as error:
        bind(motion, planar)
    assert "right_hipp: the model does not have this joint" in str(error.value)
    assert "did you mean: right_hip ?" in str(error.value)
    bound = bind(motion, planar, adapt=True)
    assert not bound.qpos[:, 4].any()
    assert len(bound.notes) == 2


def test_positions_beyond_limits_are_refused_or_cut_off(planar: mujoco.MjModel) -> None:
    motion = walk(joint_positions=walk().joint_positions * 3)
    with pytest.raises(
        MotionError, match=r"left_hip: goes from -1.2 to 1.2, beyond the model's range from -1.05 to 1.05"
    ):
        bind(motion, planar)
    bound = bind(motion, planar, adapt=True)
    assert np.abs(bound.qpos[:, 3:]).max() == pytest.approx(np.pi / 3)


def test_a_root_that_leaves_the_plane_is_refused_or_kept_in_it(planar: mujoco.MjModel) -> None:
    sway = walk().root_position + np.outer(np.sin(np.pi * walk().phase), (0, 0.2, 0))
    roll = from_rotation_vector(np.outer(np.sin(np.pi * walk().phase), (0.1, 0, 0)))
    motion = walk(root_position=sway, root_orientation=multiply(walk().root_orientation, roll))
    with pytest.raises(MotionError) as error:
        bind(motion, planar)
    assert "direction in which the model's root cannot move" in str(error.value)
    assert "the root turns by 0.1 rad" in str(error.value)
    np.testing.assert_allclose(
        bind(motion, planar, adapt=True).qpos[:, 2], bind(walk(), planar).qpos[:, 2], atol=1e-3
    )


def test_the_rate_is_that_of_the_user(planar: mujoco.MjModel) -> None:
    assert len(bind(walk(), planar, dt=0.02).qpos) == 51


def test_poses_of_a_recording_tell_wrong_signs(planar: mujoco.MjModel) -> None:
    bound = bind(walk(), planar)
    named = {"body_names": ("left_leg",), "body_positions": bound.bodies.positions[:, 2:3]}
    recorded = walk(**named, body_orientations=bound.bodies.orientations[:, 2:3])
    assert pose_differences(recorded, planar, bound.bodies)["left_leg"] == pytest.approx((0, 0), abs=1e-7)
    wrong = bind(recorded, planar, joints={"left_hip": "-left_hip"})
    assert pose_differences(recorded, planar, wrong.bodies)["left_leg"][1] == pytest.approx(0.8, abs=0.01)


def test_penetration_is_measured(planar: mujoco.MjModel) -> None:
    low = walk(root_position=walk().root_position - (0, 0, 0.2))
    assert bind(low, planar).bodies.penetration.max() > 0.02
    assert bind(walk(), planar).bodies.penetration.max() == 0
