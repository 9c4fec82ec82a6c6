"""Pictures that Unity sends as PNG, several in sequence if there are more than three channels."""

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rl_pipeline.envs.unity.errors import MessageError

MIN_PICTURES = 4
UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""Errors that Pillow raises for damaged files."""
PNG_BEGIN, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND"


def channels_first(shape: Sequence[int], data: bytes) -> bool:
    """Return whether a picture's shape is (C, H, W), as of package 3.0, instead of (H, W, C).

    Raises:
        MessageError: The picture is missing, or its size fits neither.
    """
    header = data.find(b"IHDR")
    if header < 0 or len(data) < header + 12:
        raise MessageError(f"a picture of shape {tuple(shape)} has no header of a PNG")
    width, height = struct.unpack_from(">II", data, header + 4)
    if tuple(shape[:2]) == (height, width):
        return False
    if tuple(shape[1:]) == (height, width):
        return True
    raise MessageError(
        f"a picture is {width} pixels wide and {height} high, but {tuple(shape)} was announced"
    )


def _pictures(data: bytes, size: tuple[int, int], at_most: int) -> list[NDArray[np.uint8]]:
    pictures: list[NDArray[np.uint8]] = []
    at = 0
    while at < len(data):
        end = data.find(PNG_END, at) + 8  # the chunk's name and its checksum
        if end < 8 or len(pictures) == at_most:
            raise MessageError(
                "a picture is truncated" if end < 8 else f"there are more than {at_most} pictures"
            )
        pictures.append(_picture(data[at:end], size))
        at = data.find(PNG_BEGIN, end)
        if at < 0:
            break
    return pictures


def _picture(data: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            if picture.size != size:  # before anything is decoded: the size determines the memory
                raise MessageError(f"pictures of one observation have the sizes {size} and {picture.size}")
            return np.asarray(picture.convert("RGB"))
    except UNREADABLE as error:
        raise MessageError(f"a picture cannot be decoded: {error}") from error


def decode(shape: Sequence[int], data: bytes, mapping: Sequence[int]) -> NDArray[np.uint8]:
    """Decode a picture.

    Args:
        shape: of the observation, (H, W, C) or (C, H, W).
        data: PNGs of three channels each, in sequence.
        mapping: for each channel in the PNGs, the channel of the observation that it adds to; several channels of
            one target are averaged, -1 drops a channel. Empty for one to one, with the mean for a single channel.

    Returns:
        uint8 of the given shape.

    Raises:
        MessageError: The pictures are damaged, too many, or of another size.
    """
    first = channels_first(shape, data)
    height, width = shape[1:] if first else shape[:2]
    n_channels = shape[0] if first else shape[2]
    stack = np.concatenate(_pictures(data, (width, height), max(n_channels, MIN_PICTURES)), axis=2)
    indices = list(mapping) or ([0] * 3 if n_channels == 1 else list(range(n_channels)))
    indices = (indices + [-1] * stack.shape[2])[: stack.shape[2]]
    sources = [[source for source, target in enumerate(indices) if target == c] for c in range(n_channels)]
    if not all(sources):
        raise MessageError(f"the pictures do not contain all {n_channels} channels of shape {tuple(shape)}")
    channels = [stack[:, :, source].mean(axis=2) for source in sources]
    picture = np.stack(channels, axis=0 if first else 2)
    return np.rint(picture).astype(np.uint8)
