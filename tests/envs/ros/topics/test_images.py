import numpy as np
import pytest

from rl_pipeline.envs.errors import MalformedReplyError
from tests.ros_network import require_ros

require_ros()

from sensor_msgs.msg import Image  # noqa: E402

from rl_pipeline.envs.ros.topics.images import decode  # noqa: E402


def test_colours_and_padding() -> None:
    data = bytes([1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0])
    message = Image(height=2, width=2, encoding="bgr8", step=8, data=data)
    picture = decode(message, "/camera")
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture[0], [[3, 2, 1], [6, 5, 4]])
    np.testing.assert_array_equal(picture[1], [[9, 8, 7], [12, 11, 10]])
    message.encoding = "rgb8"
    np.testing.assert_array_equal(decode(message, "/camera")[0, 0], [1, 2, 3])


@pytest.mark.parametrize("order", ["<", ">"])
def test_depth_in_both_byte_orders(order: str) -> None:
    depth = np.array([[0.5, 1.5], [2.5, np.pi]], f"{order}f4")
    message = Image(height=2, width=2, encoding="32FC1", step=8, data=depth.tobytes())
    message.is_bigendian = int(order == ">")
    picture = decode(message, "/depth")
    assert picture.dtype == np.float32
    assert picture.dtype.isnative
    np.testing.assert_array_equal(picture[..., 0], depth.astype("f4"))


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"encoding": "yuv422"}, "the encoding is 'yuv422', not one of rgb8"),
        ({"step": 5}, "are not 2 x 2 pixels of rgb8"),
        ({"data": bytes(11)}, "11 bytes in rows of 6"),
    ],
)
def test_what_cannot_be_right_is_refused(fields: dict[str, object], part: str) -> None:
    message = Image(height=2, width=2, encoding="rgb8", step=6, data=bytes(12))
    for name, value in fields.items():
        setattr(message, name, value)
    with pytest.raises(MalformedReplyError, match=part):
        decode(message, "/camera")
