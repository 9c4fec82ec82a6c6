from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.datasets.motions import MotionError
from rl_pipeline.datasets.readers.csv_table import ROBOTS
from rl_pipeline.datasets.readers.options import ReadOptions
from rl_pipeline.datasets.reading import read_motion


def table(joints: int, frames: int = 20) -> np.ndarray:
    rows = np.zeros((frames, 7 + joints))
    rows[:, 0] = np.arange(frames) / 30
    rows[:, 2] = 0.8
    rows[:, 5:7] = np.sin(0.25), np.cos(0.25)  # x, y, z, w: half a radian about z
    rows[:, 7:] = np.arange(joints)
    return rows


def test_unitrees_tables_without_header(tmp_path: Path) -> None:
    path = tmp_path / "walk1_subject1.csv"
    np.savetxt(path, table(29), delimiter=",")
    motion = read_motion(path, options=ReadOptions(rate=30, joints=ROBOTS["g1"]))
    assert (motion.name, len(motion), motion.dt) == ("walk1_subject1", 20, 1 / 30)
    np.testing.assert_allclose(motion.root_orientation[0], (np.cos(0.25), 0, 0, np.sin(0.25)))
    np.testing.assert_allclose(motion.root_linear_velocity[:, 0], 1)
    assert motion.joint_names[14] == "waist_pitch_joint"
    assert motion.joint_positions[0, 14] == 14


def test_a_header_names_joints_and_times(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = np.column_stack((np.arange(20) * 0.02, table(2)))
    np.savetxt(path, rows, delimiter=",", header="time,x,y,z,qx,qy,qz,qw,hip,knee", comments="")
    motion = read_motion(path)
    assert (motion.joint_names, motion.dt) == (("hip", "knee"), pytest.approx(0.02))
    np.testing.assert_allclose(motion.root_position[:, 2], 0.8)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (ReadOptions(joints=ROBOTS["g1"]), "give the rate (--rate)"),
        (ReadOptions(rate=30), "--joints g1"),
        (ReadOptions(rate=30, joints=("hip",)), "has 29 columns of joints after the 7 of the root, not 1"),
    ],
)
def test_what_the_file_leaves_open_is_asked_for(tmp_path: Path, options: ReadOptions, said: str) -> None:
    path = tmp_path / "a.csv"
    np.savetxt(path, table(29), delimiter=",")
    with pytest.raises(MotionError) as error:
        read_motion(path, options=options)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2\n3\n", "a.csv:2: must hold 2 numbers"),
        ("x,y\n", "at least two rows"),
        ("t,x,y,z,qx,qy,qz,qw,k\n" + "0,0,0,1,0,0,0,1,0\n" * 3, "at equal times"),
        ("x,y,z,qx,qy,qz,qw,k\n" + "0,0,1,1,0,0,1,0\n" * 3, "must be a quaternion x, y, z, w"),
        ("x,y,z\n" + "0,0,1\n" * 3, "has no columns of joints after the 7 of the root"),
    ],
)
def test_damaged_tables_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(MotionError) as error:
        read_motion(tmp_path / "a.csv", options=ReadOptions(rate=30))
    assert said in str(error.value)


def test_files_of_other_kinds_and_unknown_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bvh").touch()
    with pytest.raises(MotionError, match=r"valid: .csv, .h5, .hdf5, .mat, .npz"):
        read_motion(tmp_path / "a.bvh")
    with pytest.raises(MotionError, match="the file does not exist, and the package has no motion"):
        read_motion("wolk")
