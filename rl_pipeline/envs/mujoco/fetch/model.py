"""The models of the Fetch tasks, and the initial state of their episodes."""

import copy
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem

PACKAGE = "gymnasium_robotics"
MOCAP = "robot0:mocap"
"""The body that pulls the gripper by a weld."""
TARGET = "target0"
"""The mocap body and its site at the position of the goal."""
GRIP = "robot0:grip"
GRIPPER = "robot0:gripper_link"
OBJECT = "object0"

Array = NDArray[np.float64]

TO_GRIPPER_START = (-0.498, 0.005, -0.431)
"""Offset from the grip in the first positions to the point to which it is pulled, m."""
GRIPPER_ROTATION = (1.0, 0.0, 1.0, 0.0)
SETTLING_STEPS = 10
"""Environment steps in which the gripper gets there, or closes around the block."""
FINGERS = ("robot0:r_gripper_finger_joint", "robot0:l_gripper_finger_joint")
OPEN = 0.05
"""Position of a finger of the open gripper, m."""


@dataclass(frozen=True)
class Start:
    """Initial state of every episode."""

    time: float
    """s."""
    qpos: Array
    qvel: Array
    grip: Array
    """Position of the grip, (3,), m."""
    object_height: float
    """Height of the object's centre, m; 0 without an object."""


def compile_model(file: str) -> mujoco.MjModel:
    """Compile a model of gymnasium-robotics with the goal as a mocap body.

    Gymnasium-robotics moves a site of the model to the goal when it renders. A batch has one model, and the goals are
    part of its states, so the site belongs to a mocap body here.

    Args:
        file: Name of the MJCF file.

    Raises:
        ConfigError: gymnasium-robotics is not installed.
    """
    spec = mujoco.MjSpec.from_file(str(_assets() / file))
    site = spec.site(TARGET)
    look = {"type": site.type, "size": site.size.copy(), "rgba": site.rgba.copy()}
    place = site.parent.pos + site.pos
    spec.delete(site)
    spec.worldbody.add_body(name=TARGET, mocap=True, pos=place).add_site(name=TARGET, **look)
    model = spec.compile()
    model.eq_data[model.eq_type == mujoco.mjtEq.mjEQ_WELD.value, :7] = (0, 0, 0, 0, 0, 0, 1)
    return model


def settle(
    model: mujoco.MjModel, joints: Mapping[str, object], frame_skip: int, extra_height: float
) -> Start:
    """Pull the gripper to the initial position of episodes.

    Args:
        model: The result of `compile_model`.
        joints: Positions by the names of joints.
        frame_skip: Physics steps in an environment step.
        extra_height: Height of the gripper above the point where it touches the table, m.
    """
    data = mujoco.MjData(model)
    for name, position in joints.items():
        data.joint(name).qpos = position
    mujoco.mj_forward(model, data)
    mocap, has_object = model.body(MOCAP).mocapid[0], OBJECT in _site_names(model)
    data.mocap_pos[mocap] = data.site(GRIP).xpos + np.add(TO_GRIPPER_START, (0.0, 0.0, extra_height))
    data.mocap_quat[mocap] = GRIPPER_ROTATION
    mujoco.mj_step(model, data, nstep=SETTLING_STEPS * frame_skip)
    height = float(data.site(OBJECT).xpos[2]) if has_object else 0.0
    return Start(data.time, data.qpos.copy(), data.qvel.copy(), data.site(GRIP).xpos.copy(), height)


def grasp(model: mujoco.MjModel, start: Start, frame_skip: int) -> tuple[Array, Array]:
    """Close the gripper around the block where episodes start, in weightlessness until it is held.

    Args:
        model: The result of `compile_model`.
        start: Initial state of the episodes.
        frame_skip: Physics steps in an environment step.

    Returns:
        `qpos` and `qvel` of a gripper that holds the block by contact alone.
    """
    data, weightless = mujoco.MjData(model), copy.copy(model)
    weightless.opt.gravity[:] = 0.0
    data.qpos[:], data.qvel[:] = start.qpos, start.qvel
    data.joint(f"{OBJECT}:joint").qpos[:3] = start.grip
    for name in FINGERS:
        data.joint(name).qpos = OPEN
    mujoco.mj_forward(model, data)
    gripper, mocap = model.body(GRIPPER).id, model.body(MOCAP).mocapid[0]
    data.mocap_pos[mocap] = data.xpos[gripper]
    data.mocap_quat[mocap] = data.xquat[gripper] + GRIPPER_ROTATION
    for world in (weightless, model):
        mujoco.mj_step(world, data, nstep=SETTLING_STEPS * frame_skip)
    return data.qpos.copy(), data.qvel.copy()


def _site_names(model: mujoco.MjModel) -> list[str]:
    return [model.site(i).name for i in range(model.nsite)]


def _assets() -> Path:
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        message = "needs the models of gymnasium-robotics, which is not installed"
        remedy = "pip install gymnasium-robotics"
        raise ConfigError([Problem("environment.id", message, remedy=remedy)])
    return Path(package.origin).parent / "envs" / "assets" / "fetch"
