"""A motion as coordinates of a MuJoCo model, bound by the names of joints, never by their order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import Problem, nearest
from rl_pipeline.datasets.model_poses import BodyPoses, body_poses
from rl_pipeline.datasets.motions import Motion, MotionError
from rl_pipeline.datasets.resampling import resample
from rl_pipeline.datasets.roots import HINGE, SLIDE, root_coordinates, root_joints

if TYPE_CHECKING:
    import mujoco

Array = NDArray[np.float64]

OFF_PLANE, OFF_AXIS = 5e-3, 1e-2
"""How far a root may leave what the model can do without being refused, m and rad."""
BEYOND_LIMIT = 1e-3
"""How far an angle, rad, or a way, m, may be beyond a joint's range."""
ADAPT = "adapt: true (--adapt on the command line)"


@dataclass(frozen=True)
class BoundMotion:
    """A motion on a model.

    Attributes:
        motion: The motion, with the rate that it was bound with.
        model: The model.
        qpos: (T, nq), the coordinates of the model.
        qvel: (T, nv), their velocities.
        bodies: Poses and velocities of all bodies of the model, computed from the coordinates.
        notes: What was adapted, one sentence each.
    """

    motion: Motion
    model: "mujoco.MjModel"
    qpos: Array
    qvel: Array
    bodies: BodyPoses
    notes: tuple[str, ...] = ()


@dataclass
class _Differences:
    """Differences between motion and model: problems, or notes where the motion may be adapted."""

    motion: str
    adapt: bool
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, message: str, adapted: str, valid: tuple[str, ...] = ()) -> None:
        """Note a difference that can be adapted; `adapted` says what that means."""
        if self.adapt:
            self.notes.append(f"{name}: {message}; {adapted}")
        else:
            remedy = f"{ADAPT}: {adapted}"
            near = nearest(name, valid) if valid else None
            place = f"motion {self.motion}"
            self.problems.append(
                Problem(name, message, valid=valid, nearest=near, remedy=remedy, place=place)
            )


def bind(
    motion: Motion,
    model: "mujoco.MjModel",
    *,
    joints: Mapping[str, str] | None = None,
    adapt: bool = False,
    dt: float | None = None,
) -> BoundMotion:
    """Bind a motion to a model.

    Args:
        motion: The motion.
        model: The model; its first body below the world is the root.
        joints: By joint of the model the joint of the motion with another name, with a leading minus where
            angles have the opposite sign.
        adapt: Resolve differences where they would otherwise be refused: joints that the motion lacks keep
            the model's initial position, others are dropped, positions are cut off at the joints' limits, and
            the root stays in the plane in which the model can move. `notes` of the result says what was done.
        dt: Seconds between frames; the motion is resampled. None keeps its own.

    Raises:
        MotionError: Names, limits or the root differ; every difference is listed.
    """
    motion = motion if dt is None else resample(motion, dt)
    differences = _Differences(motion.name, adapt)
    frames = len(motion)
    qpos, qvel = model.qpos0[np.newaxis].repeat(frames, axis=0), np.zeros((frames, model.nv))
    _bind_root(motion, model, qpos, qvel, differences)
    _bind_joints(motion, model, _sources(motion, model, joints or {}, differences), qpos, qvel, differences)
    if differences.problems:
        raise MotionError(differences.problems)
    return BoundMotion(motion, model, qpos, qvel, body_poses(model, qpos, qvel), tuple(differences.notes))


def single_joints(model: "mujoco.MjModel") -> tuple[str, ...]:
    """Return the names of a model's joints with one axis, without those of a moving root."""
    of_root = set(root_joints(model))
    return tuple(
        model.joint(joint).name
        for joint in range(model.njnt)
        if joint not in of_root and int(model.jnt_type[joint]) in (HINGE, SLIDE)
    )


def _sources(
    motion: Motion, model: "mujoco.MjModel", joints: Mapping[str, str], differences: _Differences
) -> dict[str, tuple[int, float]]:
    """Return by joint of the model the column and sign of the motion's joint."""
    own, theirs = single_joints(model), motion.joint_names
    place = f"motion {motion.name}"
    for name, other in joints.items():
        for word, valid, whose in ((name, own, "model"), (other.removeprefix("-"), theirs, "motion")):
            if word not in valid:
                message = f"the map of joints names one that the {whose} does not have"
                problem = Problem(word, message, valid=valid, nearest=nearest(word, valid), place=place)
                differences.problems.append(problem)
    names = {name: joints.get(name, name) for name in own}
    for name in theirs:
        if name not in {other.removeprefix("-") for other in names.values()}:
            differences.add(name, "the model has no such joint", "the joint of the motion is dropped", own)
    found = {}
    for name, other in names.items():
        if (source := other.removeprefix("-")) in theirs:
            found[name] = theirs.index(source), -1.0 if other.startswith("-") else 1.0
        else:
            adapted = "the joint keeps the model's initial position"
            differences.add(name, "the motion does not have this joint of the model", adapted, theirs)
    return found


def _bind_root(
    motion: Motion, model: "mujoco.MjModel", qpos: Array, qvel: Array, differences: _Differences
) -> None:
    root = root_coordinates(motion, model)
    for index, values in root.positions.items():
        qpos[:, index] = values
    for index, values in root.velocities.items():
        qvel[:, index] = values
    if root.off_plane > OFF_PLANE:
        message = f"the root moves by {root.off_plane:.3g} m in a direction in which that of the model cannot"
        differences.add("root", message, "the root stays where the model can move")
    if root.off_axis > OFF_AXIS:
        message = f"the root turns by {root.off_axis:.3g} rad in a way in which that of the model cannot"
        differences.add("root", message, "the root turns only as the model can")


def _bind_joints(
    motion: Motion,
    model: "mujoco.MjModel",
    sources: Mapping[str, tuple[int, float]],
    qpos: Array,
    qvel: Array,
    differences: _Differences,
) -> None:
    for name, (column, sign) in sources.items():
        joint = model.joint(name)
        values = sign * motion.joint_positions[:, column]
        if model.jnt_limited[joint.id]:
            low, high = map(float, model.jnt_range[joint.id])
            beyond = float(max(low - values.min(), values.max() - high))
            if beyond > BEYOND_LIMIT:
                reach = f"{values.min():.3g} to {values.max():.3g}"
                message = f"goes from {reach}, beyond the model's range from {low:.3g} to {high:.3g}"
                differences.add(name, message, "positions are cut off at the range")
                values = values.clip(low, high)
        qpos[:, int(joint.qposadr[0])] = values
        qvel[:, int(joint.dofadr[0])] = sign * motion.joint_velocities[:, column]
