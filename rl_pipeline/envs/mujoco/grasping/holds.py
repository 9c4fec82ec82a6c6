"""Grasps in which a gripper holds an object, for episodes that start with one."""

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem

HOLD_PLACE = (0.0, 0.36)
"""Place of the object while it is grasped: beside tiles and wall, on the flat ground."""
CLOSING_STEPS = 250
"""Physics steps in which the fingers close."""
LIFT = 0.1
"""Metres by which the object is then lifted, so that the fingers alone hold it."""
LIFTING_STEPS = 250
RESTING_STEPS = 125
"""Physics steps in which it comes to rest in the air."""
FARTHEST = 0.05
"""Metres between object and grip above which the object has slipped out."""


@dataclass(frozen=True)
class Hold:
    """An object between the fingers of a gripper that points down.

    Attributes:
        joints: Positions of the gripper's joints.
        offset: Position of the object relative to the grip, (3,).
        rotation: Quaternion of the object, (4,).
    """

    joints: NDArray[np.float64]
    offset: NDArray[np.float64]
    rotation: NDArray[np.float64]


def find_hold(
    model: mujoco.MjModel, start: Mapping[str, np.ndarray], joints: slice, object_at: int, grip: int
) -> Hold:
    """Grasp an object on the ground, lift it, and return how the gripper holds it.

    Args:
        model: The compiled model; its first mocap body pulls the grip.
        start: Fields of `MjData`: the open gripper is around the object, and the controls close it.
        joints: Places of the gripper's joints in `qpos`.
        object_at: Place of the object's pose in `qpos`.
        grip: Index of the site between the fingers.
    """
    data = mujoco.MjData(model)
    for name, value in start.items():
        getattr(data, name)[:] = value
    mujoco.mj_step(model, data, CLOSING_STEPS)
    for _ in range(LIFTING_STEPS):
        data.mocap_pos[0, 2] += LIFT / LIFTING_STEPS
        mujoco.mj_step(model, data)
    mujoco.mj_step(model, data, RESTING_STEPS)
    mujoco.mj_kinematics(model, data)
    pose = data.qpos[object_at : object_at + 7]
    return Hold(data.qpos[joints].copy(), pose[:3] - data.site_xpos[grip], pose[3:].copy())


def require_firm(gripper: str, holds: Mapping[str, Hold]) -> None:
    """Check that the objects have stayed between the fingers.

    Args:
        gripper: Name of the gripper.
        holds: Holds by the names of the objects.

    Raises:
        ConfigError: An object has slipped out.
    """
    lost = [name for name, hold in holds.items() if np.linalg.norm(hold.offset) > FARTHEST]
    if lost:
        message = f"{gripper} does not hold the {' and the '.join(lost)} firmly enough"
        key, remedy = "environment.kwargs.start_grasped", "leave it out"
        raise ConfigError([Problem(key, message, remedy=remedy)])
