"""Motions of the CMU humanoid in HDF5, as dm_control and MoCapAct store them.

FILE.h5
└── CMU_016_22                  attributes: dt, num_steps
    └── walkers
        └── walker_0            every array with one column for each frame
            ├── position (3), quaternion (4, w first), velocity (3), angular_velocity (3)
            ├── joints (56), joints_velocity (56)
            └── body_positions (90), body_quaternions (120)

The linear velocity is in the world frame, the angular velocity in the frame of the root, as in `qvel`.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.motions import Motion, refuse
from rl_pipeline.datasets.quaternions import normalized
from rl_pipeline.datasets.readers.options import ReadOptions, unknown_clip
from rl_pipeline.datasets.velocities import with_velocities

Array = NDArray[np.float64]

WALKER = "walkers/walker_0"
SOURCE = "CMU Graphics Lab Motion Capture Database, {file}, {clip}"
LICENCE = "LicenseRef-CMU-MoCap"
"""Free to use, modify and redistribute, but not to resell directly; see mocap.cs.cmu.edu."""

JOINTS = (
    *("lfemurrz", "lfemurry", "lfemurrx", "ltibiarx", "lfootrz", "lfootrx", "ltoesrx"),
    *("rfemurrz", "rfemurry", "rfemurrx", "rtibiarx", "rfootrz", "rfootrx", "rtoesrx"),
    *("lowerbackrz", "lowerbackry", "lowerbackrx", "upperbackrz", "upperbackry", "upperbackrx"),
    *("thoraxrz", "thoraxry", "thoraxrx", "lowerneckrz", "lowerneckry", "lowerneckrx"),
    *("upperneckrz", "upperneckry", "upperneckrx", "headrz", "headry", "headrx"),
    *("lclaviclerz", "lclaviclery", "lhumerusrz", "lhumerusry", "lhumerusrx", "lradiusrx"),
    *("lwristry", "lhandrz", "lhandrx", "lfingersrx", "lthumbrz", "lthumbrx"),
    *("rclaviclerz", "rclaviclery", "rhumerusrz", "rhumerusry", "rhumerusrx", "rradiusrx"),
    *("rwristry", "rhandrz", "rhandrx", "rfingersrx", "rthumbrz", "rthumbrx"),
)
"""Order of the rows of `joints`."""

BODIES = (
    *("lhipjoint", "lfemur", "ltibia", "lfoot", "ltoes", "rhipjoint", "rfemur", "rtibia", "rfoot", "rtoes"),
    *("lowerback", "upperback", "thorax", "lowerneck", "upperneck", "head"),
    *("lclavicle", "lhumerus", "lradius", "lwrist", "lhand", "lfingers", "lthumb"),
    *("rclavicle", "rhumerus", "rradius", "rwrist", "rhand", "rfingers", "rthumb"),
)
"""Order of the bodies in `body_positions` and `body_quaternions`."""


def clips(path: Path) -> tuple[str, ...]:
    """Return the names of the clips in a file.

    Raises:
        MotionError: The file is not HDF5, or contains no clips.
    """
    with _open(path) as file:
        names = tuple(sorted(name for name in file if _has_walker(file[name])))
    if not names:
        raise refuse(str(path), f"contains no motion of dm_control: none of its groups has {WALKER}")
    return names


def read(path: Path, clip: str, options: ReadOptions) -> Motion:
    """Read one clip.

    Raises:
        MotionError: The clip does not exist, or it is not of the CMU humanoid.
    """
    names = clips(path)
    if clip not in names:
        raise unknown_clip(path, clip, names)
    with _open(path) as file:
        group = file[clip]
        rate = options.rate or (1.0 / float(group.attrs["dt"]) if "dt" in group.attrs else None)
        if rate is None:
            raise refuse(str(path), f"{clip} has no time step", remedy="give the rate (--rate)")
        arrays = {
            name: np.asarray(array, np.float64).T for name, array in group[WALKER].items() if _is_array(array)
        }
    _check(path, clip, arrays)
    frames = len(arrays["joints"])
    motion = Motion(
        name=clip,
        dt=1.0 / rate,
        joint_names=JOINTS,
        joint_positions=arrays["joints"],
        joint_velocities=arrays["joints_velocity"],
        root_position=arrays["position"],
        root_orientation=normalized(arrays["quaternion"]),
        root_linear_velocity=arrays["velocity"],
        root_angular_velocity=arrays["angular_velocity"],  # in the frame of the root, as in `qvel`
        body_names=BODIES,
        body_positions=arrays["body_positions"].reshape(frames, -1, 3),
        body_orientations=normalized(arrays["body_quaternions"].reshape(frames, -1, 4)),
        source=SOURCE.format(file=path.name, clip=clip),
        licence=LICENCE,
    )
    has_velocities = arrays["joints_velocity"].any() or arrays["velocity"].any()
    return motion if has_velocities else with_velocities(motion)


def _open(path: Path) -> Any:
    import h5py

    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise refuse(str(path), f"cannot be read as HDF5: {error}") from error


def _is_array(item: Any) -> bool:
    return hasattr(item, "shape")


def _has_walker(group: Any) -> bool:
    return not _is_array(group) and WALKER in group


def _check(path: Path, clip: str, arrays: dict[str, Array]) -> None:
    expected = {
        "joints": len(JOINTS),
        "joints_velocity": len(JOINTS),
        "position": 3,
        "quaternion": 4,
        "velocity": 3,
        "angular_velocity": 3,
        "body_positions": 3 * len(BODIES),
        "body_quaternions": 4 * len(BODIES),
    }
    for name, size in expected.items():
        if name not in arrays:
            raise refuse(str(path), f"{clip} has no {name}", valid=sorted(arrays))
        if arrays[name].ndim != 2 or arrays[name].shape[1] != size:
            message = f"{clip}: {name} of the CMU humanoid must have {size} rows"
            raise refuse(str(path), message, arrays[name].T.shape)
