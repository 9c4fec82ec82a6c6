"""Pictures that Unity sends as PNG, several behind each other where there are more than three channels."""

import io
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PNG_BEGIN, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND"


def channels_first(shape: Sequence[int], data: bytes) -> bool:
    """Tell whether a picture's shape is (C, H, W), as of package 3.0, instead of (H, W, C)."""
    width, height = struct.unpack_from(">II", data, data.index(b"IHDR") + 4)
    return tuple(shape[:2]) != (height, width)


def _pictures(data: bytes) -> list[NDArray[np.uint8]]:
    pictures, at = [], 0
    while at < len(data):
        end = data.index(PNG_END, at) + 8  # the chunk's name and its checksum
        pictures.append(np.asarray(Image.open(io.BytesIO(data[at:end])).convert("RGB")))
        at = data.find(PNG_BEGIN, end)
        if at < 0:
            break
    return pictures


def decode(shape: Sequence[int], data: bytes, mapping: Sequence[int]) -> NDArray[np.uint8]:
    """Decode a picture.

    Args:
        shape: of the observation, (H, W, C) or (C, H, W).
        data: PNGs of three channels each, behind each other.
        mapping: for each channel in the PNGs, which channel of the observation it adds to; those that share one
            are averaged, -1 drops one. Empty for one to one, where a single channel is the mean of its picture's.

    Returns:
        uint8 of the given shape.

    Raises:
        ValueError: The pictures are of another size.
    """
    stack = np.concatenate(_pictures(data), axis=2)
    first = channels_first(shape, data)
    n_channels = shape[0] if first else shape[2]
    indices = list(mapping) or ([0] * 3 if n_channels == 1 else list(range(n_channels)))
    indices = (indices + [-1] * stack.shape[2])[: stack.shape[2]]
    channels = [
        stack[:, :, [source for source, target in enumerate(indices) if target == channel]].mean(axis=2)
        for channel in range(n_channels)
    ]
    picture = np.stack(channels, axis=0 if first else 2)
    if picture.shape != tuple(shape):
        raise ValueError(f"the picture has shape {picture.shape}, announced was {tuple(shape)}")
    return np.rint(picture).astype(np.uint8)
