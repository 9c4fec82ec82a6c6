"""View of a MuJoCo robot: a camera that follows it, with a quality that fits the machine."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.rendering.endless_ground import draw_ground_without_end

if TYPE_CHECKING:
    from gymnasium.envs.mujoco.mujoco_rendering import MujocoRenderer

TRACKING_CAMERA = "track"
"""Name of the camera that follows the robot in Gymnasium's models."""

FREE_CAMERA = -1
SOFTWARE_SHADOW_SIZE = 1024
GPU_DEVICES = (Path("/dev/dri"), Path("/dev/nvidia0"))


def prepare_view(renderer: "MujocoRenderer") -> None:
    """Let films and windows follow the robot over endless ground, and simplify rendering without a GPU.

    By default, Gymnasium films with a camera that stays at the start of the robot. In software rendering,
    multisampling and fine shadows take three quarters of the time of a picture.

    Args:
        renderer: The renderer of an environment, before its first picture.
    """
    import mujoco

    model = renderer.model
    tracking_camera = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_CAMERA, TRACKING_CAMERA)
    if renderer.camera_id == FREE_CAMERA and tracking_camera != FREE_CAMERA:
        renderer.camera_id = tracking_camera
        follow = {"type": int(mujoco.mjtCamera.mjCAMERA_FIXED), "fixedcamid": tracking_camera}
        renderer.default_cam_config = follow | dict(renderer.default_cam_config or {})  # for the window
    draw_ground_without_end(renderer)
    if draws_in_software():
        model.vis.quality.offsamples = 0
        model.vis.quality.shadowsize = min(model.vis.quality.shadowsize, SOFTWARE_SHADOW_SIZE)


def draws_in_software() -> bool:
    """Return whether the CPU renders pictures: with OSMesa, or without a GPU."""
    return os.environ.get("MUJOCO_GL") == "osmesa" or not any(device.exists() for device in GPU_DEVICES)
