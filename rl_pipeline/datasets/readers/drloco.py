"""Motions in the `.mat` files of DRLoco (Galljamov, 2020).

Two layouts: straight walking, a cell array `Data` of steps, (rows, samples) each, at 400 Hz; and loco3d, results
of inverse kinematics with OpenSim: `rowNameIK`, `angJoi` and `angDJoi` at 500 Hz.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.motions import Motion, refuse
from rl_pipeline.datasets.quaternions import from_rotation_vector, multiply, normalized
from rl_pipeline.datasets.readers.options import ReadOptions, unknown_clip
from rl_pipeline.datasets.velocities import with_velocities

Array = NDArray[np.float64]

SOURCE = "DRLoco, {file}"
STRAIGHT_RATE, LOCO3D_RATE = 400.0, 500.0
LOCO3D = ("rowNameIK", "angJoi", "angDJoi")
LOCO3D_CLIP = "recording"
STRAIGHT_JOINTS = tuple(
    f"{side}_{joint}"
    for side in ("right", "left")
    for joint in ("hip_frontal", "hip_sagittal", "knee", "ankle")
)
WITHOUT_FORCES, WITH_FORCES = 38, 40
"""Rows of a step; with forces, those of the right and the left foot are before the last three rows."""
FORCE_ROWS = [35, 36]
TOUCHING = 0.05
"""Fraction of the largest force above which a foot touches the ground."""
PELVIS = ("pelvis_tilt", "pelvis_list", "pelvis_rotation", "pelvis_tx", "pelvis_ty", "pelvis_tz")
TILT_AXIS, LIST_AXIS, ROTATION_AXIS = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""OpenSim's axes z (to the right), x (forward) and y (up) in a world whose z points up."""


def clips(path: Path) -> tuple[str, ...]:
    """Return the names of the steps in a file; `recording` for the one of loco3d.

    Raises:
        MotionError: The file has neither layout.
    """
    members = _members(path)
    if "Data" in members:
        return tuple(f"step_{index}" for index in range(members["Data"].size))
    return (LOCO3D_CLIP,)


def read(path: Path, clip: str, options: ReadOptions) -> Motion:
    """Read one step, or the recording of loco3d.

    Raises:
        MotionError: The file has neither layout, or does not have the clip.
    """
    members, names = _members(path), clips(path)
    if clip not in names:
        raise unknown_clip(path, clip, names)
    if "Data" in members:
        rows = _rows(path, members["Data"].flat[names.index(clip)])
        return _straight_step(path, clip, rows, options.rate or STRAIGHT_RATE)
    return _loco3d(path, members, options.rate or LOCO3D_RATE)


def _members(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        members = loadmat(path)
    except (MatReadError, ValueError, NotImplementedError, OSError, TypeError) as error:
        raise refuse(str(path), f"cannot be read as a .mat file: {error}") from error
    if "Data" in members or all(name in members for name in LOCO3D):
        return members
    found = [name for name in members if not name.startswith("__")]
    message = f"is not a motion of DRLoco: it has neither 'Data' nor {', '.join(LOCO3D)}"
    raise refuse(str(path), message, found)


def _rows(path: Path, cell: Any) -> Array:
    """Return a cell as numbers; MATLAB may have saved it as a cell of cells with one number each."""
    try:
        rows = np.asarray(np.asarray(cell).tolist(), np.float64)
        return rows.reshape(np.shape(cell))
    except (ValueError, TypeError) as error:
        raise refuse(str(path), "contains values that are not numbers in 'Data'") from error


def _straight_step(path: Path, clip: str, rows: Array, rate: float) -> Motion:
    if rows.ndim != 2 or len(rows) not in (WITHOUT_FORCES, WITH_FORCES):
        message = f"{clip} must have {WITHOUT_FORCES} or {WITH_FORCES} rows"
        raise refuse(str(path), message, rows.shape)
    names: tuple[str, ...] = ()
    contacts = np.empty((rows.shape[1], 0), np.bool_)
    if len(rows) == WITH_FORCES:
        forces = rows[FORCE_ROWS]
        names, contacts = ("right_foot", "left_foot"), (forces > TOUCHING * forces.max()).T
    return Motion(
        name=clip,
        dt=1.0 / rate,
        joint_names=STRAIGHT_JOINTS,
        joint_positions=rows[7:15].T,
        joint_velocities=rows[21:29].T,
        root_position=rows[0:3].T,
        root_orientation=normalized(rows[3:7].T),
        root_linear_velocity=rows[15:18].T,
        root_angular_velocity=rows[18:21].T,
        contact_names=names,
        contacts=contacts,
        source=SOURCE.format(file=path.name),
    )


def _loco3d(path: Path, members: dict[str, Any], rate: float) -> Motion:
    labels = [_text(label) for label in np.ravel(members["rowNameIK"])]
    positions, velocities = (np.asarray(members[name], np.float64) for name in LOCO3D[1:])
    if len(positions) != len(labels) or positions.shape != velocities.shape:
        shapes = [len(labels), positions.shape, velocities.shape]
        raise refuse(str(path), "rowNameIK, angJoi and angDJoi must have the same rows", shapes)
    if missing := [name for name in PELVIS if name not in labels]:
        raise refuse(str(path), "rowNameIK has no rows of the pelvis", missing, valid=labels)
    joints = [index for index, label in enumerate(labels) if label not in PELVIS]
    tilt, listing, rotation, x, up, right = (positions[labels.index(name)] for name in PELVIS)
    motion = Motion(
        name=path.stem,
        dt=1.0 / rate,
        joint_names=tuple(labels[index] for index in joints),
        joint_positions=positions[joints].T,
        joint_velocities=velocities[joints].T,
        root_position=np.stack((x, -right, up), axis=1),
        root_orientation=_turns((tilt, TILT_AXIS), (listing, LIST_AXIS), (rotation, ROTATION_AXIS)),
        root_linear_velocity=np.zeros((positions.shape[1], 3)),
        root_angular_velocity=np.zeros((positions.shape[1], 3)),
        source=SOURCE.format(file=path.name),
    )
    differentiated = with_velocities(
        motion
    )  # angDJoi has rates of the pelvis' angles, not its angular velocity
    return differentiated.changed(joint_velocities=motion.joint_velocities)


def _turns(*turns: tuple[Array, Sequence[float]]) -> Array:
    """Return rotations about axes that rotate with the body; the first axis is fixed in the world."""
    result = np.array([1.0, 0.0, 0.0, 0.0])
    for angles, axis in turns:
        result = multiply(result, from_rotation_vector(np.outer(angles, axis)))
    return result


def _text(label: Any) -> str:
    return str(np.ravel(label)[0]) if np.size(label) else ""
