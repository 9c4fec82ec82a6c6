"""The clips of dm_control's wheel, on dm_control's humanoid."""

from pathlib import Path

import h5py
import mujoco
import numpy as np
import pytest
from dm_control.locomotion import mocap

from rl_pipeline.datasets.binding import bind
from rl_pipeline.datasets.model_poses import pose_differences
from rl_pipeline.datasets.motions import MotionError
from rl_pipeline.datasets.reading import clips_in, read_motion

CLIPS = Path(mocap.__file__).parent / "test_trajectories.h5"
HUMANOID = Path(mocap.__file__).parents[1] / "walkers" / "assets" / "humanoid_CMU_V2019.xml"


@pytest.fixture(scope="module")
def humanoid() -> mujoco.MjModel:
    spec = mujoco.MjSpec.from_file(str(HUMANOID))
    spec.compiler.degree = False  # dm_control says so in Python, not in the file
    spec.worldbody.first_body().add_freejoint()
    return spec.compile()


def test_bodies_of_the_recording_lie_where_the_bound_model_has_them(humanoid: mujoco.MjModel) -> None:
    assert clips_in(CLIPS) == ("cmuv2019_001", "cmuv2019_002")
    motion = read_motion(CLIPS, ["cmuv2019_001"])
    assert (len(motion), motion.dt, motion.licence) == (10, 0.05, "LicenseRef-CMU-MoCap")
    bound = bind(motion, humanoid, adapt=True)
    differences = pose_differences(motion, humanoid, bound.bodies)
    assert len(differences) == 30
    unlimited = [name for name in differences if not any(part in name for part in ("tibia", "foot", "toes"))]
    spine = [name for name in unlimited if name[0] not in "lr" or name.startswith("lower")]
    assert max(max(differences[name]) for name in spine) < 1e-9
    assert max(max(pair) for pair in differences.values()) < 0.02  # four joints are cut off at their limits


def test_velocities_are_those_of_qvel() -> None:
    motion = read_motion(CLIPS, ["cmuv2019_001"])
    # The root falls forward about its own x axis, which points to the side.
    assert (
        np.abs(motion.root_angular_velocity[1:, 0]).max()
        > 50 * np.abs(motion.root_angular_velocity[1:, 1:]).max()
    )


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MotionError, match="cmuv2019_002"):
        read_motion(CLIPS, ["cmuv2019_003"])
    (tmp_path / "a.h5").write_text("text")
    with pytest.raises(MotionError, match="cannot be read as HDF5"):
        clips_in(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["CMU_001"] = np.zeros(3)
    with pytest.raises(MotionError, match="contains no motion of dm_control"):
        clips_in(tmp_path / "b.h5")
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file.create_group("CMU_001/walkers/walker_0")["joints"] = np.zeros((12, 10))
        file["CMU_001"].attrs["dt"] = 0.03
    with pytest.raises(MotionError, match="joints of the CMU humanoid must have 56 rows"):
        read_motion(tmp_path / "c.h5")
