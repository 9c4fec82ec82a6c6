"""Options for what a file of another format leaves open."""

from dataclasses import dataclass
from pathlib import Path

from rl_pipeline.config.errors import nearest
from rl_pipeline.datasets.motions import MotionError, refuse


@dataclass(frozen=True)
class ReadOptions:
    """What the user says about a recording.

    Attributes:
        rate: Frames per second, where the file does not hold it.
        joints: Names of the columns of joints, in the order of the file, where it does not hold them.
    """

    rate: float | None = None
    joints: tuple[str, ...] | None = None


NO_OPTIONS = ReadOptions()


def unknown_clip(path: Path, clip: str, clips: tuple[str, ...]) -> MotionError:
    """Return the error for a clip that a file does not have."""
    return refuse(str(path), "has no clip of this name", clip, valid=clips, nearest=nearest(clip, clips))
