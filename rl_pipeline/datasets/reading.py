"""Motions from files of all known formats, and those of the package."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from rl_pipeline.config.errors import nearest
from rl_pipeline.datasets.chaining import chain
from rl_pipeline.datasets.motion_file import load_motion
from rl_pipeline.datasets.motions import Motion, MotionError, refuse
from rl_pipeline.datasets.readers import cmu, csv_table, drloco
from rl_pipeline.datasets.readers.options import NO_OPTIONS, ReadOptions, unknown_clip

LIBRARY = Path(__file__).parent / "library"
ALL = "all"


class Reader(NamedTuple):
    """Reader of a format."""

    clips: Callable[[Path], tuple[str, ...]]
    read: Callable[[Path, str, ReadOptions], Motion]


def _own_clips(path: Path) -> tuple[str, ...]:
    return (load_motion(path).name,)


def _read_own(path: Path, clip: str, options: ReadOptions) -> Motion:
    motion = load_motion(path)
    if clip != motion.name:
        raise unknown_clip(path, clip, (motion.name,))
    return motion


READERS = {
    ".csv": Reader(csv_table.clips, csv_table.read),
    ".h5": Reader(cmu.clips, cmu.read),
    ".hdf5": Reader(cmu.clips, cmu.read),
    ".mat": Reader(drloco.clips, drloco.read),
    ".npz": Reader(_own_clips, _read_own),
}
"""Readers by the suffix of a file's name."""


def library() -> tuple[str, ...]:
    """Return the names of the package's motions."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.npz")))


def find_motion(name: str | Path) -> Path:
    """Return the file of a motion: a path, or a name of the package's own motions.

    Raises:
        MotionError: The file or name does not exist.
    """
    path = Path(name).expanduser()
    if path.is_file():
        return path
    if str(name) in library():
        return LIBRARY / f"{name}.npz"
    raise refuse(
        "motion",
        "the file does not exist, and the package has no motion of this name",
        str(name),
        valid=library(),
        nearest=nearest(str(name), library()),
    )


def clips_in(path: Path) -> tuple[str, ...]:
    """Return the names of the clips in a file.

    Raises:
        MotionError: The format is unknown, or the file is damaged.
    """
    return _reader(path).clips(path)


def read_motion(
    name: str | Path, clips: Sequence[str] | None = None, options: ReadOptions = NO_OPTIONS
) -> Motion:
    """Read a motion from a file or the package.

    Args:
        name: The file, or a name of `library()`.
        clips: Clips of the file, which are concatenated; `["all"]` for all of them. None if the file has only
            one.
        options: Data that the file does not contain.

    Raises:
        MotionError: The file cannot be read, does not have a clip, or its clips do not follow each other.
    """
    path = find_motion(name)
    names = clips_in(path)
    if clips is None and len(names) > 1:
        raise _ambiguous(path, names)
    wanted = names if clips is None or list(clips) == [ALL] else clips
    return chain([_reader(path).read(path, clip, options) for clip in wanted])


def _reader(path: Path) -> Reader:
    suffix = path.suffix.lower()
    if suffix not in READERS:
        message = "motions cannot be read from files of this kind"
        raise refuse(str(path), message, suffix, valid=sorted(READERS), nearest=nearest(suffix, READERS))
    return READERS[suffix]


def _ambiguous(path: Path, names: tuple[str, ...]) -> MotionError:
    remedy = f"name one or more of them (--clip {names[0]}), or concatenate all with --clip {ALL}"
    return refuse(str(path), f"holds {len(names)} clips", valid=names, remedy=remedy)
