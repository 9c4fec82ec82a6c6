"""Films: H.264 files that browsers play and that contain exactly the given frames."""

import os
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Any

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.errors import FAILED, UserError

Frame = NDArray[np.uint8]
"""An RGB picture, uint8, shape (height, width, 3)."""

ENCODER_TIMEOUT = 120.0
"""Seconds that ffmpeg has for its last frames before it is killed."""


class FilmError(UserError, RuntimeError):
    """Raised when a film could not be written; no file is left behind."""

    exit_status = FAILED


class FilmWriter:
    """Write frames, one by one, into an MP4 film.

    The film appears under its name only when it is complete: until `close`, it has the suffix `.part`. If it is
    used as a context manager, an exception inside the block aborts the film.

    Args:
        path: The film's file, ending in `.mp4`. Missing folders are made; an older film is replaced.
        fps: Frames per second at which players show the film.
        comment: Comment in the file, if any.

    Attributes:
        n_frames: Number of frames written so far.

    Raises:
        ValueError: `fps` is not positive or `path` does not end in `.mp4`.
    """

    def __init__(self, path: str | os.PathLike[str], fps: float, comment: str = "") -> None:
        self.path = Path(path)
        if self.path.suffix != ".mp4":
            raise ValueError(f"film {self.path}: the name must end in .mp4, got '{self.path.suffix}'")
        if not fps > 0:
            raise ValueError(f"film {self.path}: fps must be positive, got {fps}")
        self.fps = float(fps)
        self.comment = comment
        self.n_frames = 0
        self._partial = self.path.with_name(f"{self.path.name}.part")
        self._shape: tuple[int, ...] | None = None
        self._encoder: Generator[None, Any, None] | None = None

    def write(self, frame: Frame) -> None:
        """Append one frame. An odd last row or column is cut off, since H.264 films have even sizes.

        Args:
            frame: uint8 array of shape (height, width, 3), height and width at least 2, the same in all
                frames.

        Raises:
            ValueError: The frame is not such an array, or its size differs from the film's first frame.
            FilmError: ffmpeg ended, for instance because the disk is full.
        """
        self._check(frame)
        height, width = (size - size % 2 for size in frame.shape[:2])
        if self._encoder is None:
            self._encoder = self._start_encoder(width, height)
        try:
            self._encoder.send(np.ascontiguousarray(frame[:height, :width]))
        except OSError as error:
            self.abort()
            raise FilmError(
                f"film {self.path}: ffmpeg stopped at frame {self.n_frames}; is the disk full?"
            ) from error
        self.n_frames += 1

    def close(self) -> Path:
        """Finish the film and rename it to its final name.

        Returns:
            The film's path.

        Raises:
            FilmError: No frame was written, or frames are missing in the file.
        """
        if self._encoder is None:
            raise FilmError(f"film {self.path}: no frame was written, or it is already closed")
        self._encoder.close()
        self._encoder = None
        n_found = _count_frames(self._partial)
        if n_found != self.n_frames:
            self._partial.unlink(missing_ok=True)
            raise FilmError(
                f"film {self.path}: {n_found} of {self.n_frames} frames arrived; is the disk full?"
            )
        self._partial.replace(self.path)
        return self.path

    def abort(self) -> None:
        """End ffmpeg and remove its output; does nothing before the first frame and after `close`."""
        if self._encoder is not None:
            self._encoder.close()
            self._encoder = None
            self._partial.unlink(missing_ok=True)

    def __enter__(self) -> "FilmWriter":
        """Return the writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the film, or abort it if the block ended with an exception."""
        if kind is None:
            self.close()
        else:
            self.abort()

    def _check(self, frame: Frame) -> None:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or min(frame.shape[:2]) < 2:
            raise ValueError(
                f"film {self.path}: a frame is a uint8 array of shape (height, width, 3), "
                f"got {frame.dtype} of shape {frame.shape}"
            )
        if self._shape is None:
            self._shape = frame.shape
        if frame.shape != self._shape:
            raise ValueError(
                f"film {self.path}: a frame has shape {frame.shape}, but the first one had {self._shape}"
            )

    def _start_encoder(self, width: int, height: int) -> Generator[None, Any, None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        encoder = imageio_ffmpeg.write_frames(
            self._partial,
            (width, height),
            fps=self.fps,
            quality=7,
            codec="libx264",
            macro_block_size=1,
            ffmpeg_log_level="error",
            ffmpeg_timeout=ENCODER_TIMEOUT,
            output_params=[
                *("-preset", "veryfast", "-movflags", "+faststart"),
                *("-metadata", f"comment={self.comment}", "-f", "mp4"),
            ],
        )
        encoder.send(None)
        return encoder


def _count_frames(path: Path) -> int:
    try:
        n_frames, _ = imageio_ffmpeg.count_frames_and_secs(path)
    except RuntimeError:
        return 0
    return n_frames


def caption(frame: Frame, text: str) -> Frame:
    """Return a copy of a frame with a line of white text on a dark bar along its lower edge.

    Args:
        frame: uint8 array of shape (height, width, 3).
        text: The text, e.g. the timestep and the return.
    """
    from PIL import Image, ImageDraw, ImageFont

    height, width = frame.shape[:2]
    font_size = max(height // 24, 10)
    bar_height = font_size * 3 // 2
    image = Image.fromarray(frame)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height - bar_height, width, height), fill=(20, 20, 20))
    font = ImageFont.load_default(size=font_size)
    draw.text((font_size // 2, height - bar_height / 2), text, fill="white", font=font, anchor="lm")
    return np.asarray(image)
