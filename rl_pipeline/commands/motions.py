"""`rl-pipeline motions`: inspect and convert reference motions, and film them on a model."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.commands.argument_types import path_ending_in, positive, positive_number
from rl_pipeline.commands.plot import picture_path

if TYPE_CHECKING:
    from rl_pipeline.datasets.binding import BoundMotion
    from rl_pipeline.datasets.motions import Motion

NAME = "motions"
HELP = "inspect, convert and play reference motions"
FILE_HELP = (
    "a motion: our .npz, DRLoco's .mat, dm_control's .h5, a .csv as of Unitree, or a name in the package"
)
MODEL_HELP = "an MJCF or URDF file, or the name of a model in the package"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    inspect = actions.add_parser("inspect", help="print the content of a motion; with a model, how it fits")
    _add_reading(inspect)
    inspect.add_argument("--model", help=MODEL_HELP)
    _add_binding(inspect)
    inspect.add_argument(
        "--plot", type=picture_path, metavar="OUT.png", help="draw joints, root and contacts"
    )
    inspect.set_defaults(act=_inspect)
    convert = actions.add_parser("convert", help="write a motion as .npz, optionally with changes")
    _add_reading(convert)
    convert.add_argument("out", type=path_ending_in(".npz"), metavar="OUT.npz", help="the file to write")
    _add_editing(convert)
    convert.set_defaults(act=_convert)
    play = actions.add_parser("play", help="film a motion on a model, without physics")
    _add_reading(play)
    play.add_argument("--model", required=True, help=MODEL_HELP)
    _add_binding(play)
    play.add_argument(
        "--cycles", type=positive, default=1, help="number of repetitions of a cyclic motion (default 1)"
    )
    play.add_argument("--video", type=path_ending_in(".mp4"), metavar="OUT.mp4", help="default NAME.mp4")
    play.set_defaults(act=_play)


def run(options: argparse.Namespace) -> None:
    """Run the action."""
    options.act(options)


def _add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help=FILE_HELP)
    parser.add_argument(
        "--clip", metavar="NAME,NAME", help="clips of the file, one after the other; `all` for all clips"
    )
    parser.add_argument(
        "--rate", type=positive_number, help="frames per second, if the file does not contain it"
    )
    parser.add_argument("--joints", metavar="NAME,NAME", help="joints of a table without a header, or g1")


def _add_binding(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--map",
        metavar="MODEL=MOTION,...",
        help="joints of the model with their names in the motion; - inverts the sign",
    )
    parser.add_argument(
        "--adapt",
        action="store_true",
        help="resolve differences from the model instead of refusing the motion",
    )
    parser.add_argument(
        "--free-root", action="store_true", help="add a free joint to a first body without joints"
    )


def _add_editing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--start", type=float, default=0.0, help="seconds to cut off at the start")
    parser.add_argument("--end", type=float, help="time in seconds at which the motion is cut")
    parser.add_argument("--dt", type=positive_number, help="seconds between frames of the result")
    parser.add_argument(
        "--cyclic", action="store_true", help="close the cycle: spread the gap over the frames"
    )
    parser.add_argument("--mirror", action="store_true", help="swap left and right")
    parser.add_argument(
        "--smooth", type=positive_number, metavar="SECONDS", help="recompute the velocities over a window"
    )
    parser.add_argument("--name", help="name of the motion")
    parser.add_argument("--licence", help="licence of the motion, preferably an SPDX identifier")


def _read(options: argparse.Namespace) -> "Motion":
    from rl_pipeline.datasets.readers.csv_table import ROBOTS
    from rl_pipeline.datasets.readers.options import ReadOptions
    from rl_pipeline.datasets.reading import read_motion

    joints = None
    if options.joints:
        joints = ROBOTS.get(options.joints) or tuple(options.joints.split(","))
    clips = options.clip.split(",") if options.clip else None
    return read_motion(options.file, clips, ReadOptions(rate=options.rate, joints=joints))


def _bind(options: argparse.Namespace, motion: "Motion") -> "BoundMotion":
    from rl_pipeline.datasets.binding import bind
    from rl_pipeline.datasets.model_files import load_model
    from rl_pipeline.datasets.motions import refuse

    joints = {}
    for pair in options.map.split(",") if options.map else ():
        name, equals, other = pair.partition("=")
        if not (name and equals and other.removeprefix("-")):
            raise refuse(
                "--map", "must be pairs of joints", pair, remedy="--map left_knee=-knee_l,right_knee=-knee_r"
            )
        joints[name] = other
    bound = bind(
        motion, load_model(options.model, free_root=options.free_root), joints=joints, adapt=options.adapt
    )
    for note in bound.notes:
        print(f"adapted: {note}")
    return bound


def _inspect(options: argparse.Namespace) -> None:
    from rl_pipeline.datasets.reading import clips_in, find_motion
    from rl_pipeline.datasets.summary import describe, describe_fit
    from rl_pipeline.plotting.motion_figure import plot_motion

    clips = clips_in(find_motion(options.file))
    if options.clip is None and len(clips) > 1:
        print(f"{len(clips)} clips; --clip shows one of them")
        print("\n".join(clips))
        return
    motion = _read(options)
    print(describe(motion))
    if options.model:
        print(describe_fit(motion, _bind(options, motion)))
    if options.plot:
        plot_motion(motion, options.plot)
        print(options.plot)


def _convert(options: argparse.Namespace) -> None:
    from rl_pipeline.datasets.chaining import close_cycle
    from rl_pipeline.datasets.mirroring import mirror
    from rl_pipeline.datasets.motion_file import save_motion
    from rl_pipeline.datasets.resampling import cut, resample
    from rl_pipeline.datasets.velocities import with_velocities

    motion = cut(_read(options), options.start, options.end)
    if options.smooth:
        motion = with_velocities(motion, options.smooth)
    if options.cyclic and not motion.cyclic:
        motion = close_cycle(motion)
    if options.dt:
        motion = resample(motion, options.dt)
    if options.mirror:
        motion = mirror(motion)
    named = {name: getattr(options, name) for name in ("name", "licence") if getattr(options, name)}
    motion = motion.changed(**named)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    save_motion(motion, options.out)
    print(f"{options.out} ({len(motion)} frames, {motion.duration:.4g} s)")


def _play(options: argparse.Namespace) -> None:
    from rl_pipeline.datasets.chaining import repeat
    from rl_pipeline.rendering.pose_film import film_poses

    motion = _read(options)
    if options.cycles > 1:
        motion = repeat(motion, options.cycles)
    bound = _bind(options, motion)
    film = options.video or Path(f"{motion.name}.mp4")
    frames = film_poses(bound.model, bound.qpos, motion.dt, film)
    print(f"{film} ({frames} frames)")
