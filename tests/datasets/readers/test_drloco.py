"""DRLoco's two layouts, in files that these tests make."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from rl_pipeline.datasets.motions import MotionError
from rl_pipeline.datasets.quaternions import rotate
from rl_pipeline.datasets.reading import clips_in, read_motion

FRAMES = 50


def step(start: float, rows: int) -> np.ndarray:
    """A step whose row r holds r + a slope, with a quaternion and small joints."""
    data = np.tile(np.arange(rows, dtype=float)[:, np.newaxis], (1, FRAMES))
    data[0] = np.linspace(0, 0.7, FRAMES)
    data[1:3] = [[0.0], [1.0]]
    data[3:7] = np.array([1.0, 0, 0, 0])[:, np.newaxis]
    data[7:15] = np.linspace(start, start + 0.1, FRAMES) + np.arange(8)[:, np.newaxis] / 100
    if rows == 40:
        data[35], data[36] = 700.0, np.where(np.arange(FRAMES) < 10, 500.0, 3.0)
    return data


def save_steps(path: Path, steps: list[np.ndarray]) -> Path:
    cells = np.empty((1, len(steps)), dtype=object)
    for index, each in enumerate(steps):
        cells[0, index] = each
    savemat(path, {"Data": cells})
    return path


@pytest.mark.parametrize("rows", [38, 40])
def test_steps_of_straight_walking(tmp_path: Path, rows: int) -> None:
    path = save_steps(tmp_path / "walk.mat", [step(0.0, rows), step(0.1, rows)])
    assert clips_in(path) == ("step_0", "step_1")
    motion = read_motion(path, ["step_1"])
    assert (len(motion), motion.dt) == (FRAMES, 1 / 400)
    assert motion.joint_names[:4] == ("right_hip_frontal", "right_hip_sagittal", "right_knee", "right_ankle")
    np.testing.assert_allclose(motion.joint_positions[0, 6:], (0.16, 0.17))
    np.testing.assert_array_equal(motion.joint_velocities[0], np.arange(21, 29))
    np.testing.assert_array_equal(motion.root_linear_velocity[0], (15, 16, 17))
    assert motion.contact_names == (("right_foot", "left_foot") if rows == 40 else ())
    if rows == 40:
        assert motion.contacts.sum(axis=0).tolist() == [FRAMES, 10]


def test_all_steps_make_one_walk(tmp_path: Path) -> None:
    path = save_steps(tmp_path / "walk.mat", [step(0.0, 38), step(0.1, 38), step(0.2, 38)])
    walk = read_motion(path, ["all"])
    assert len(walk) == 3 * FRAMES - 2
    assert walk.advance[0] == pytest.approx(2.1)
    with pytest.raises(MotionError, match="holds 3 clips"):
        read_motion(path)
    with pytest.raises(MotionError, match=r"step_2 \?"):
        read_motion(path, ["step_3"])


def test_cells_of_single_numbers_are_read_too(tmp_path: Path) -> None:
    nested = np.empty((38, FRAMES), dtype=object)
    for index, value in np.ndenumerate(step(0.0, 38)):
        nested[index] = np.array([[value]])
    motion = read_motion(save_steps(tmp_path / "walk.mat", [nested]))
    np.testing.assert_allclose(motion.joint_positions, step(0.0, 38)[7:15].T)


def test_loco3d_has_y_up_and_opensim_axes(tmp_path: Path) -> None:
    pelvis = ["pelvis_tilt", "pelvis_list", "pelvis_rotation", "pelvis_tx", "pelvis_ty", "pelvis_tz"]
    names = [*pelvis, "hip_flexion_r", "knee_angle_r"]
    angles = np.zeros((8, 100))
    angles[0], angles[2] = -0.1, 0.5  # leans forward, turned to the left
    angles[3:6] = np.linspace(0, 1, 100), np.full(100, 0.95), np.full(100, 0.2)
    angles[6] = np.linspace(-0.3, 0.4, 100)
    labels = np.array(names, dtype=object)[:, np.newaxis]
    savemat(tmp_path / "loco.mat", {"rowNameIK": labels, "angJoi": angles, "angDJoi": angles * 2})
    motion = read_motion(tmp_path / "loco.mat")
    assert (motion.joint_names, motion.dt) == (("hip_flexion_r", "knee_angle_r"), 1 / 500)
    np.testing.assert_allclose(motion.root_position[-1], (1, -0.2, 0.95))
    np.testing.assert_allclose(motion.joint_velocities, angles[6:].T * 2)
    assert motion.root_linear_velocity[50, 0] == pytest.approx(500 / 99, rel=1e-6)
    up = rotate(motion.root_orientation[0], (0, 0, 1.0))
    forward = rotate(motion.root_orientation[0], (1.0, 0, 0))
    assert up[0] == pytest.approx(np.sin(0.1))
    assert forward[1] == pytest.approx(np.sin(0.5))


def test_other_files_are_refused(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"Dota": np.zeros(3)})
    with pytest.raises(MotionError, match="neither 'Data' nor rowNameIK"):
        read_motion(tmp_path / "a.mat")
    (tmp_path / "b.mat").write_text("text")
    with pytest.raises(MotionError, match=r"cannot be read as a \.mat file"):
        read_motion(tmp_path / "b.mat")
    with pytest.raises(MotionError, match="must have 38 or 40 rows"):
        read_motion(save_steps(tmp_path / "c.mat", [np.zeros((12, 30))]))
