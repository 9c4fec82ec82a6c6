"""Mirror image of a robot's state, with left and right swapped."""

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.datasets.mirroring import (
    MIRRORED_ROTATION,
    MIRRORED_VECTOR,
    mirrored_joints,
    other_side,
)
from rl_pipeline.datasets.quaternions import multiply
from rl_pipeline.datasets.roots import FREE, HINGE, SLIDE

Array = NDArray[np.float64]

JOINT = int(mujoco.mjtTrn.mjTRN_JOINT)
SAME_RANGE = 1e-3
"""Tolerance between the ranges of a left and a right joint, rad or m."""
SAME_MOTION = 0.02
"""Tolerance between the accelerations of mirrored states, relative to the largest acceleration."""
N_STATES = 4
"""Number of random states in which a model and its mirror image are compared."""


@dataclass(frozen=True)
class ModelMirror:
    """Linear maps of a model's state to its mirror image at the x-z plane; each map is its own inverse.

    Attributes:
        qpos: (nq, nq).
        qvel: (nv, nv).
        ctrl: (nu, nu).
    """

    qpos: Array
    qvel: Array
    ctrl: Array


def mirror_of(model: mujoco.MjModel, key: str) -> ModelMirror:
    """Return the mirror of a robot that looks along x and is symmetric.

    Args:
        model: The model, whose joints are named after their sides.
        key: Configuration key, for errors.

    Raises:
        ConfigError: The model has no joints of two sides, joints or actuators that have no mirror image, or moves
            differently from its mirror image.
    """
    _check_kinds(model, key)
    names = [model.joint(joint).name for joint in _single(model)]
    if all(other_side(name, names) == name for name in names):
        remedy = "name them for example left_knee and right_knee, or leave the key out"
        raise ConfigError(
            [Problem(key, "the model has no joints of a left and a right side", names, remedy=remedy)]
        )
    joints = mirrored_joints(model, names)
    mirror = ModelMirror(
        np.zeros((model.nq, model.nq)), np.zeros((model.nv, model.nv)), _controls(model, joints, key)
    )
    for name, image in joints.items():
        joint, other = model.joint(name), model.joint(image.removeprefix("-"))
        sign = -1.0 if image.startswith("-") else 1.0
        mirror.qpos[int(other.qposadr[0]), int(joint.qposadr[0])] = sign
        mirror.qvel[int(other.dofadr[0]), int(joint.dofadr[0])] = sign
    for joint in np.flatnonzero(model.jnt_type == FREE).tolist():
        _mirror_free_joint(model, joint, mirror)
    if problems := [*_range_problems(model, joints, key)] or [*_motion_problems(model, mirror, key)]:
        raise ConfigError(problems)
    return mirror


def _single(model: mujoco.MjModel) -> list[int]:
    return np.flatnonzero(np.isin(model.jnt_type, (HINGE, SLIDE))).tolist()


def _check_kinds(model: mujoco.MjModel, key: str) -> None:
    known = np.isin(model.jnt_type, (HINGE, SLIDE, FREE))
    balls = [model.joint(joint).name for joint in np.flatnonzero(~known).tolist()]
    others = [
        model.actuator(motor).name for motor in np.flatnonzero(model.actuator_trntype != JOINT).tolist()
    ]
    problems = [
        Problem(key, message, found, remedy="leave the key out")
        for message, found in (
            ("ball joints cannot be mirrored", balls),
            ("actuators that do not drive a joint cannot be mirrored", others),
        )
        if found
    ]
    if problems:
        raise ConfigError(problems)


def _controls(model: mujoco.MjModel, joints: dict[str, str], key: str) -> Array:
    """Return the map of controls: an actuator maps to the one that drives the joint of the other side."""
    driven = [model.joint(int(joint)).name for joint in model.actuator_trnid[:, 0]]
    if len(set(driven)) < len(driven):
        raise ConfigError(
            [Problem(key, "several actuators drive the same joint", driven, remedy="leave the key out")]
        )
    found = np.zeros((model.nu, model.nu))
    for motor, name in enumerate(driven):
        image = joints[name]
        if image.removeprefix("-") not in driven:
            message = f"an actuator drives {name}, but none drives {image.removeprefix('-')}"
            raise ConfigError([Problem(key, message, remedy="leave the key out")])
        other = driven.index(image.removeprefix("-"))
        sign = np.sign(model.actuator_gear[motor, 0] * model.actuator_gear[other, 0])
        found[other, motor] = -sign if image.startswith("-") else sign
    return found


def _mirror_free_joint(model: mujoco.MjModel, joint: int, mirror: ModelMirror) -> None:
    """Fill in a free joint, whose body need not have its y axis across."""
    place, speed = int(model.jnt_qposadr[joint]), int(model.jnt_dofadr[joint])
    quaternion = model.qpos0[place + 3 : place + 7]
    frame = np.zeros(9)
    mujoco.mju_quat2Mat(frame, quaternion)
    reflection = frame.reshape(3, 3).T @ np.diag(MIRRORED_VECTOR) @ frame.reshape(3, 3)
    turned = np.zeros(4)
    mujoco.mju_mat2Quat(turned, (np.diag(MIRRORED_VECTOR) @ reflection).ravel())
    mirror.qpos[place : place + 3, place : place + 3] = np.diag(MIRRORED_VECTOR)
    mirror.qpos[place + 3 : place + 7, place + 3 : place + 7] = multiply(np.diag(MIRRORED_ROTATION), turned).T
    mirror.qvel[speed : speed + 3, speed : speed + 3] = np.diag(MIRRORED_VECTOR)
    mirror.qvel[speed + 3 : speed + 6, speed + 3 : speed + 6] = -reflection


def _range_problems(model: mujoco.MjModel, joints: dict[str, str], key: str) -> list[Problem]:
    problems = []
    for name, image in joints.items():
        own, other = model.joint(name), model.joint(image.removeprefix("-"))
        wanted = -own.range[::-1] if image.startswith("-") else own.range
        if own.limited[0] != other.limited[0] or np.abs(other.range - wanted).max() > SAME_RANGE:
            message = f"the range of {other.name} is not the mirror image of that of {name}"
            remedy = "make the model symmetric, or leave the key out"
            problems.append(Problem(key, message, [*map(float, other.range)], remedy=remedy))
    return problems


def _motion_problems(model: mujoco.MjModel, mirror: ModelMirror, key: str) -> list[Problem]:
    """Compare accelerations of random states with those of their mirror images."""
    rng = np.random.default_rng(0)
    one, other = mujoco.MjData(model), mujoco.MjData(model)
    worst = np.zeros(model.nv)
    for _ in range(N_STATES):
        velocity = rng.normal(0.0, 0.3, model.nv)
        one.qpos[:] = model.qpos0
        mujoco.mj_integratePos(model, one.qpos, velocity, 0.5)
        one.qvel[:] = velocity
        one.ctrl[:] = rng.uniform(-0.5, 0.5, model.nu)
        other.qpos[:], other.qvel[:] = mirror.qpos @ one.qpos, mirror.qvel @ one.qvel
        other.ctrl[:] = mirror.ctrl @ one.ctrl
        mujoco.mj_forward(model, one)
        mujoco.mj_forward(model, other)
        scale = np.abs(one.qacc).max()
        worst = np.maximum(worst, np.abs(mirror.qvel @ one.qacc - other.qacc) / scale)
    if worst.max() <= SAME_MOTION:
        return []
    joint = model.joint(int(model.dof_jntid[worst.argmax()])).name
    message = f"the model is not symmetric: mirrored states accelerate differently, most at {joint}"
    remedy = "make masses, geoms, joints and actuators of both sides mirror images, or leave the key out"
    return [Problem(key, message, f"{worst.max():.0%}", remedy=remedy)]
