"""The view of environment 0 as a camera's topics."""

import math
from array import array
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from gymnasium.vector import VectorEnv
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image

from rl_pipeline.envs.robot_state import RobotReader

FRAME = "camera"
TYPICAL_VIEW = 45.0
"""Vertical angle of view in degrees, if the model does not define it."""


class CameraTopics:
    """Publishes `camera/image_raw` and `camera/camera_info`.

    Args:
        node: Publishes.
        rate: Pictures per simulated second.
    """

    def __init__(self, node: Node, rate: float) -> None:
        self._image = node.create_publisher(Image, "camera/image_raw", qos_profile_sensor_data)
        self._info = node.create_publisher(CameraInfo, "camera/camera_info", qos_profile_sensor_data)
        self._period = 1.0 / rate
        self._due = 0.0

    def publish(self, env: VectorEnv, reader: RobotReader | None, seconds: float, now: Time) -> None:
        """Publish an image if one is due and a topic has a subscriber.

        Args:
            env: The environments, made with a render mode.
            reader: Reads the model's angle of view.
            seconds: The simulated time.
            now: The same as a stamp.
        """
        if seconds < self._due or not (
            self._image.get_subscription_count() or self._info.get_subscription_count()
        ):
            return
        self._due = max(self._due + self._period, seconds)
        frame: Any = (env.render() or (None,))[0]
        if frame is not None:
            view = float(reader.model.vis.global_.fovy) if reader else TYPICAL_VIEW
            self._image.publish(image(frame, now))
            self._info.publish(camera_info(frame.shape[0], frame.shape[1], view, now))


def image(frame: np.ndarray, now: Time) -> Image:
    """Convert uint8 (height, width, 3) to a message."""
    height, width, channels = frame.shape
    message = Image(height=height, width=width, encoding="rgb8", step=width * channels)
    message.header.stamp, message.header.frame_id = now, FRAME
    message.data = array("B", np.ascontiguousarray(frame).tobytes())
    return message


def camera_info(height: int, width: int, view: float, now: Time) -> CameraInfo:
    """Describe a pinhole camera without distortion.

    Args:
        height: Pixels.
        width: Pixels.
        view: Vertical angle of view in degrees.
        now: Stamp.
    """
    focal = 0.5 * height / math.tan(0.5 * math.radians(view))
    x, y = 0.5 * width, 0.5 * height
    message = CameraInfo(height=height, width=width, distortion_model="plumb_bob", d=[0.0] * 5)
    message.header.stamp, message.header.frame_id = now, FRAME
    message.k = [focal, 0.0, x, 0.0, focal, y, 0.0, 0.0, 1.0]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [focal, 0.0, x, 0.0, 0.0, focal, y, 0.0, 0.0, 0.0, 1.0, 0.0]
    return message
