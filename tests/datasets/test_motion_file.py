from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.datasets.motion_file import load_motion, save_motion
from rl_pipeline.datasets.motions import Motion, MotionError
from tests.datasets.motions import walk


def test_a_motion_comes_back_as_it_was(tmp_path: Path) -> None:
    motion = walk(
        body_names=("trunk",),
        body_positions=np.zeros((101, 1, 3)),
        body_orientations=np.full((101, 1, 4), 0.5),
    )
    save_motion(motion, tmp_path / "a.npz")
    loaded = load_motion(tmp_path / "a.npz")
    for field in fields(Motion):
        np.testing.assert_array_equal(getattr(loaded, field.name), getattr(motion, field.name))
        assert type(getattr(loaded, field.name)) is type(getattr(motion, field.name))
    save_motion(loaded, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_files_open_without_pickle(tmp_path: Path) -> None:
    save_motion(walk(), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert archive["joint_names"].tolist() == ["left_hip", "right_hip"]
        assert str(archive["licence"]) == "Apache-2.0"


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(FileNotFoundError):
        load_motion(path)
    path.write_bytes(b"no archive")
    with pytest.raises(MotionError, match=r"cannot be read as \.npz"):
        load_motion(path)
    np.savez(path, positions=np.zeros(3))
    with pytest.raises(MotionError, match="is not a motion"):
        load_motion(path)
    np.savez(path, format=np.array(object(), dtype=object))
    with pytest.raises(MotionError, match=r"cannot be read as \.npz"):
        load_motion(path)


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("joint_positions", None, "has no member 'joint_positions'"),
        ("joint_positions", np.array([["a", "b"]]), "must hold numbers"),
        ("joint_positions", np.zeros(3), "must have the shape"),
        ("joint_names", np.array("left_hip"), "joint_names"),
        ("dt", np.zeros(2), "must be one number"),
    ],
)
def test_damaged_members_are_named(tmp_path: Path, member: str, value: np.ndarray | None, said: str) -> None:
    path = tmp_path / "a.npz"
    save_motion(walk(), path)
    with np.load(path) as archive:
        members = {name: archive[name] for name in archive.files if name != member}
    np.savez(path, **members, **({} if value is None else {member: value}))
    with pytest.raises(MotionError) as error:
        load_motion(path)
    assert said in str(error.value)
