"""Motions mirrored at the plane between left and right."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from rl_pipeline.config.errors import nearest
from rl_pipeline.datasets.motions import Motion, refuse

if TYPE_CHECKING:
    import mujoco

MIRRORED_VECTOR = np.array([1.0, -1.0, 1.0])
MIRRORED_AXIS = -MIRRORED_VECTOR
MIRRORED_ROTATION = np.array([1.0, -1.0, 1.0, -1.0])
SIDES = (("left", "right"), ("Left", "Right"), ("LEFT", "RIGHT"))
LETTERS = (("l", "r"), ("L", "R"))
PARALLEL = 0.9
"""Least cosine between a mirrored axis and that of the other side."""


def other_side(name: str, names: Iterable[str]) -> str:
    """Return the corresponding name of the other side, or the name itself.

    `left_knee` belongs to `right_knee`, `knee_l` to `knee_r`, `lfemurrx` to `rfemurrx`.
    """
    names = set(names)
    for left, right in SIDES:
        for side, other in ((left, right), (right, left)):
            if side in name and (found := name.replace(side, other, 1)) in names:
                return found
    for left, right in LETTERS:
        for side, other in ((left, right), (right, left)):
            for pattern in (rf"^{side}(?=[_.])", rf"(?<=[_.]){side}$", rf"(?<=_){side}(?=_)", rf"^{side}"):
                found = re.sub(pattern, other, name, count=1)
                if found != name and found in names:
                    return found
    return name


def mirrored_joints(model: "mujoco.MjModel", names: Iterable[str]) -> dict[str, str]:
    """Return the map of joints that `mirror` needs, from the axes of a model.

    Args:
        model: A model in whose initial pose the robot looks along x and is symmetric.
        names: Joints of the model.

    Returns:
        The joint of the other side for each joint, with a minus if their angles have opposite signs.

    Raises:
        MotionError: Two joints that belong together by name have axes that are not mirror images.
    """
    import mujoco

    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    names = list(names)
    pairs = {}
    for name in names:
        other = other_side(name, names)
        index, partner = model.joint(name).id, model.joint(other).id
        is_hinge = int(model.jnt_type[index]) == int(mujoco.mjtJoint.mjJNT_HINGE)
        image = data.xaxis[index] * (MIRRORED_AXIS if is_hinge else MIRRORED_VECTOR)
        cosine = float(image @ data.xaxis[partner])
        if abs(cosine) < PARALLEL:
            remedy = "write the map of joints yourself"
            raise refuse(
                f"joint {name}", f"its mirrored axis differs from the axis of {other}", remedy=remedy
            )
        pairs[name] = other if cosine > 0 else f"-{other}"
    return pairs


def mirror(motion: Motion, joints: Mapping[str, str] | None = None) -> Motion:
    """Return a motion with left and right swapped, mirrored at the x-z plane.

    Args:
        motion: The motion.
        joints: For each joint, the joint of the other side that gets its angles, with a leading minus if the sign
            changes; a joint in the middle maps to itself. By default, pairs are found by their names and keep
            their signs, which is right only for axes across the body; `mirrored_joints` uses a model.

    Raises:
        MotionError: The map names joints that the motion does not have, leaves some out, or uses some twice.
    """
    names = motion.joint_names
    joints = {name: other_side(name, names) for name in names} if joints is None else joints
    _check_map(motion, joints)
    columns = [names.index(joints[name].removeprefix("-")) for name in names]
    signs = np.array([-1.0 if joints[name].startswith("-") else 1.0 for name in names])
    positions, velocities = np.empty_like(motion.joint_positions), np.empty_like(motion.joint_velocities)
    positions[:, columns], velocities[:, columns] = (
        signs * motion.joint_positions,
        signs * motion.joint_velocities,
    )
    bodies = [motion.body_names.index(other_side(name, motion.body_names)) for name in motion.body_names]
    feet = [
        motion.contact_names.index(other_side(name, motion.contact_names)) for name in motion.contact_names
    ]
    return motion.changed(
        name=f"{motion.name}_mirrored",
        joint_positions=positions,
        joint_velocities=velocities,
        root_position=motion.root_position * MIRRORED_VECTOR,
        root_orientation=motion.root_orientation * MIRRORED_ROTATION,
        root_linear_velocity=motion.root_linear_velocity * MIRRORED_VECTOR,
        root_angular_velocity=motion.root_angular_velocity * MIRRORED_AXIS,
        body_positions=motion.body_positions[:, bodies] * MIRRORED_VECTOR,
        body_orientations=motion.body_orientations[:, bodies] * MIRRORED_ROTATION,
        contacts=motion.contacts[:, feet],
    )


def _check_map(motion: Motion, joints: Mapping[str, str]) -> None:
    place = f"motion {motion.name}"
    names = motion.joint_names
    for name in (*joints, *(value.removeprefix("-") for value in joints.values())):
        if name not in names:
            raise refuse(
                place,
                "the map of mirrored joints names an unknown joint",
                name,
                valid=names,
                nearest=nearest(name, names),
            )
    if left_out := [name for name in names if name not in joints]:
        raise refuse(place, "the map of mirrored joints leaves out joints", left_out)
    if len({value.removeprefix("-") for value in joints.values()}) < len(names):
        raise refuse(place, "the map of mirrored joints maps two joints to the same joint", dict(joints))
