"""Options for data that files of other formats do not contain."""

from dataclasses import dataclass
from pathlib import Path

from rl_pipeline.config.errors import nearest
from rl_pipeline.datasets.motions import MotionError, refuse


@dataclass(frozen=True)
class ReadOptions:
    """The user's data about a recording.

    Attributes:
        rate: Frames per second, if the file does not contain it.
        joints: Names of the columns of joints, in the order of the file, if it does not contain them.
    """

    rate: float | None = None
    joints: tuple[str, ...] | None = None


NO_OPTIONS = ReadOptions()


def unknown_clip(path: Path, clip: str, clips: tuple[str, ...]) -> MotionError:
    """Return the error for a clip that a file does not have."""
    return refuse(str(path), "has no clip of this name", clip, valid=clips, nearest=nearest(clip, clips))
