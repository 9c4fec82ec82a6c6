"""A motion as coordinates of a MuJoCo model, matched by the names of joints, never by their order."""

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
"""Tolerance of the root's motion outside of the model's degrees of freedom, m and rad."""
BEYOND_LIMIT = 1e-3
"""Tolerance of a joint's range, in rad or m."""
ADAPT = "adapt: true (--adapt on the command line)"


@dataclass(frozen=True)
class BoundMotion:
    """A motion on a model.

    Attributes:
        motion: The motion, at the rate of the binding.
        model: The model.
        qpos: (T, nq), the coordinates of the model.
        qvel: (T, nv), their velocities.
        bodies: Poses and velocities of all bodies of the model, computed from the coordinates.
        notes: The adaptations, one sentence each.
    """

    motion: Motion
    model: "mujoco.MjModel"
    qpos: Array
    qvel: Array
    bodies: BodyPoses
    notes: tuple[str, ...] = ()


@dataclass
class _Differences:
    """Differences between motion and model: problems, or notes if the motion may be adapted."""

    motion: str
    adapt: bool
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, message: str, adapted: str, valid: tuple[str, ...] = ()) -> None:
        """Add a difference that can be adapted; `adapted` describes the adaptation."""
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
        joints: Joints of the motion with other names, by joint of the model, with a leading minus if the angles
            have the opposite sign.
        adapt: Resolve differences that would otherwise be refused: joints that are missing in the motion keep
            the model's initial position, additional joints are dropped, positions are clipped to the joints' limits,
            and the root stays in the plane in which the model can move. `notes` of the result lists the changes.
        dt: Seconds between frames; the motion is resampled. None keeps its own.

    Raises:
        MotionError: Names, limits or the root differ; the message lists every difference.
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
                message = f"the map of joints names a joint that the {whose} does not have"
                problem = Problem(word, message, valid=valid, nearest=nearest(word, valid), place=place)
                differences.problems.append(problem)
    names = {name: joints.get(name, name) for name in own}
    for name in theirs:
        if name not in {other.removeprefix("-") for other in names.values()}:
            differences.add(
                name, "the model does not have this joint of the motion", "the joint is dropped", own
            )
    found = {}
    for name, other in names.items():
        if (source := other.removeprefix("-")) in theirs:
            found[name] = theirs.index(source), -1.0 if other.startswith("-") else 1.0
        else:
            adapted = "the joint keeps its initial position in the model"
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
        message = (
            f"the root moves by {root.off_plane:.3g} m in a direction in which the model's root cannot move"
        )
        differences.add("root", message, "the root stays where the model can move")
    if root.off_axis > OFF_AXIS:
        message = f"the root turns by {root.off_axis:.3g} rad about an axis about which the model's root cannot turn"
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
                differences.add(name, message, "positions are clipped to the range")
                values = values.clip(low, high)
        qpos[:, int(joint.qposadr[0])] = values
        qvel[:, int(joint.dofadr[0])] = sign * motion.joint_velocities[:, column]
