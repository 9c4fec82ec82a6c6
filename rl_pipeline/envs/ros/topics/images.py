"""Conversion of `sensor_msgs/msg/Image` to arrays."""

import numpy as np

from rl_pipeline.envs.errors import MalformedReplyError
from rl_pipeline.envs.ros.interfaces import Message

ENCODINGS = {
    "rgb8": (np.uint8, 3),
    "bgr8": (np.uint8, 3),
    "rgba8": (np.uint8, 4),
    "bgra8": (np.uint8, 4),
    "mono8": (np.uint8, 1),
    "8UC1": (np.uint8, 1),
    "8UC3": (np.uint8, 3),
    "mono16": (np.uint16, 1),
    "16UC1": (np.uint16, 1),
    "32FC1": (np.float32, 1),
}
"""Type and number of the values of a pixel."""


def decode(message: Message, topic: str) -> np.ndarray:
    """Return the image, (height, width, channels), with colours in the order red, green, blue (, alpha).

    Args:
        message: A `sensor_msgs/msg/Image`.
        topic: Its topic, for messages.

    Raises:
        MalformedReplyError: The encoding is not supported, or the size is wrong.
    """
    if message.encoding not in ENCODINGS:
        raise MalformedReplyError(
            f"{topic}: the encoding is '{message.encoding}', not one of {', '.join(ENCODINGS)}"
        )
    kind, channels = ENCODINGS[message.encoding]
    dtype: np.dtype = np.dtype(kind)
    if message.is_bigendian and dtype.itemsize > 1:
        dtype = dtype.newbyteorder(">")
    row = message.width * channels * dtype.itemsize
    data = np.frombuffer(message.data, np.uint8)
    if message.step < row or len(data) < message.step * message.height:
        raise MalformedReplyError(
            f"{topic}: {len(data)} bytes in rows of {message.step} are not {message.width} x {message.height} "
            f"pixels of {message.encoding}"
        )
    rows = data[: message.step * message.height].reshape(message.height, message.step)[:, :row]
    picture = np.ascontiguousarray(rows).view(dtype).reshape(message.height, message.width, channels)
    if message.encoding in ("bgr8", "bgra8"):
        picture = picture[..., [2, 1, 0, 3][:channels]]
    return picture.astype(kind)
