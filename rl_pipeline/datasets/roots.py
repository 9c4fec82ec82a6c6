"""Root joints of MuJoCo models: their kinds, and the coordinates for a given pose of the root."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.motions import Motion, refuse
from rl_pipeline.datasets.quaternions import angle_between, from_rotation_vector

if TYPE_CHECKING:
    import mujoco

Array = NDArray[np.float64]

ROOT = 1
"""The first body below the world carries all others of a robot."""
FREE, BALL, SLIDE, HINGE = range(4)
"""Values of `mjtJoint`."""


@dataclass(frozen=True)
class RootCoordinates:
    """Coordinates of a model's root over the frames of a motion.

    Attributes:
        positions: By index in `qpos`, (T,) each.
        velocities: By index in `qvel`, (T,) each.
        off_plane: Largest distance of the root from the plane in which the model moves, m.
        off_axis: Largest rotation about axes that the model does not have, rad.
    """

    positions: dict[int, Array]
    velocities: dict[int, Array]
    off_plane: float
    off_axis: float


def root_joints(model: "mujoco.MjModel") -> list[int]:
    """Return the joints that move the root: a free joint, or those of a planar robot; none of a fixed one."""
    first, count = int(model.body_jntadr[ROOT]), int(model.body_jntnum[ROOT])
    types = [int(kind) for kind in model.jnt_type[first : first + count]] if count else []
    return list(range(first, first + count)) if FREE in types or types.count(SLIDE) >= 2 else []


def root_coordinates(motion: Motion, model: "mujoco.MjModel") -> RootCoordinates:
    """Return the coordinates of the root for a motion.

    Raises:
        MotionError: The root of the model moves neither freely nor in a plane.
    """
    joints = root_joints(model)
    if not joints:
        way = float(np.ptp(motion.root_position, axis=0).max())
        turn = float(angle_between(motion.root_orientation[:1], motion.root_orientation).max())
        return RootCoordinates({}, {}, way, turn)
    if int(model.jnt_type[joints[0]]) == FREE:
        return _free(motion, model, joints[0])
    return _planar(motion, model, joints)


def _free(motion: Motion, model: "mujoco.MjModel", joint: int) -> RootCoordinates:
    position, velocity = int(model.jnt_qposadr[joint]), int(model.jnt_dofadr[joint])
    pose = np.concatenate((motion.root_position, motion.root_orientation), axis=1)
    speed = np.concatenate((motion.root_linear_velocity, motion.root_angular_velocity), axis=1)
    return RootCoordinates(
        {position + i: pose[:, i] for i in range(7)}, {velocity + i: speed[:, i] for i in range(6)}, 0.0, 0.0
    )


def _planar(motion: Motion, model: "mujoco.MjModel", joints: list[int]) -> RootCoordinates:
    slides = [joint for joint in joints if int(model.jnt_type[joint]) == SLIDE]
    hinges = [joint for joint in joints if int(model.jnt_type[joint]) == HINGE]
    if len(slides) + len(hinges) < len(joints) or len(hinges) > 1 or model.jnt_pos[hinges].any():
        names = [model.joint(joint).name for joint in joints]
        remedy = "give it a free joint, or slides and one hinge in its origin"
        raise refuse("model", "a motion cannot be bound to the joints of its root", names, remedy=remedy)
    positions, velocities = {}, {}
    offset = motion.root_position - model.body_pos[ROOT]
    rest = offset.copy()
    for joint in slides:
        axis = model.jnt_axis[joint]
        index = int(model.jnt_qposadr[joint])
        positions[index] = model.qpos0[index] + offset @ axis
        velocities[int(model.jnt_dofadr[joint])] = motion.root_linear_velocity @ axis
        rest -= np.outer(offset @ axis, axis)
    turned = np.zeros((len(motion), 3))
    for joint in hinges:
        axis = model.jnt_axis[joint]
        index = int(model.jnt_qposadr[joint])
        half = np.arctan2(motion.root_orientation[:, 1:] @ axis, motion.root_orientation[:, 0])
        angle = np.unwrap(2 * half)
        angle -= 2 * np.pi * np.round(angle[0] / (2 * np.pi))
        positions[index] = model.qpos0[index] + angle
        velocities[int(model.jnt_dofadr[joint])] = motion.root_angular_velocity @ axis
        turned = np.outer(angle, axis)
    off_axis = angle_between(from_rotation_vector(turned), motion.root_orientation)
    return RootCoordinates(
        positions, velocities, float(np.abs(rest - rest.mean(axis=0)).max()), float(off_axis.max())
    )


def place_columns(model: "mujoco.MjModel") -> list[int]:
    """Return the columns of `qpos` with the robot's position in the plane, which a policy must not observe."""
    columns = []
    for joint in root_joints(model):
        start = int(model.jnt_qposadr[joint])
        if int(model.jnt_type[joint]) == FREE:
            columns += [start, start + 1]
        elif int(model.jnt_type[joint]) == SLIDE and not model.jnt_axis[joint, 2]:
            columns.append(start)
    return columns
