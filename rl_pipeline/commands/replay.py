"""`rl-pipeline replay`: recompute the actions of a recording."""

import argparse
import math
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_pipeline.commands.run_arguments import RUN_HELP, add_trust, chosen
from rl_pipeline.errors import FAILED, RefusedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rl_pipeline.deploy.replay import Replay, Replayer

NAME = "replay"
HELP = "recompute the actions in a recording of a policy node; exit status 1 if they differ"
SHOWN_EVENTS = 20
SHOWN_NUMBERS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        "recording",
        metavar="FILE.mcap",
        type=Path,
        help="a file of a recording, or robot.mcap for all of robot_0001.mcap, robot_0002.mcap, ...",
    )
    parser.add_argument("policy", metavar="RUN|POLICY.onnx", help=f"an exported policy; or {RUN_HELP}")
    parser.add_argument(
        "--checkpoint",
        metavar="best|final|init|STEP",
        help="checkpoint of a run (default: its policy.onnx, otherwise the best, otherwise the newest)",
    )
    parser.add_argument(
        "--tolerance",
        type=_tolerance,
        default=1e-5,
        metavar="NUMBER",
        help="largest difference of a number, relative to it if it is greater than 1 (default 1e-5)",
    )
    add_trust(parser)


def _tolerance(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise argparse.ArgumentTypeError(f"'{text}' must be a number that is at least 0")
    return number


def run(options: argparse.Namespace) -> int:
    """Recompute, and return 1 if an action differs."""
    from rl_pipeline.deploy.recording_reader import find_parts
    from rl_pipeline.policies.policy import PolicyFileError

    parts = find_parts(options.recording)
    try:
        replayer, name = _replayer(options)
    except PolicyFileError as error:
        raise RefusedError(str(error)) from error
    replay = replayer.replay(parts)
    _print(replay, parts, name, options.tolerance)
    return FAILED if replay.first else 0


def _replayer(options: argparse.Namespace) -> "tuple[Replayer, str]":
    """Load the policy; also return a description of where it was found."""
    from rl_pipeline.deploy.replay import Replayer
    from rl_pipeline.policies.exported import load_exported

    file = _exported_file(options.policy, options.checkpoint)
    if file is None:
        return _of_checkpoint(options)
    exported = load_exported(file)
    replayer = Replayer(exported.policy, exported.spec, exported.sha256, tolerance=options.tolerance)
    return replayer, str(file)


def _exported_file(name: str, checkpoint: str | None) -> Path | None:
    """Find the named ONNX file, or the one of a run; None if a checkpoint acts."""
    file = Path(name).expanduser()
    if file.suffix == ".onnx":
        if checkpoint:
            raise RefusedError(
                "--checkpoint selects a checkpoint of a run; an ONNX file holds a single policy"
            )
        return file
    if checkpoint:
        return None
    from rl_pipeline.run.locate import find_run

    file = find_run(name).exported
    return file if file.is_file() else None


def _of_checkpoint(options: argparse.Namespace) -> "tuple[Replayer, str]":
    from rl_pipeline.deploy.replay import Replayer
    from rl_pipeline.policies.loading import make_standalone
    from rl_pipeline.policies.spec import read_spec

    folder, checkpoint = chosen(options.policy, options.checkpoint)
    checkpoint.verify()
    spec = read_spec(checkpoint.path)
    policy = make_standalone(checkpoint.path, spec)
    if policy.needs_action_masks:
        raise RefusedError(f"the policy of {folder.path} needs action masks, which a recording does not hold")
    return Replayer(policy, spec, tolerance=options.tolerance), str(checkpoint.path)


def _print(replay: "Replay", parts: list[Path], name: str, tolerance: float) -> None:
    print(parts[0] if len(parts) == 1 else f"{parts[0]} to {parts[-1].name} ({len(parts)} files)")
    rate = f", {(replay.cycles - 1) / replay.seconds:.1f} per second" if replay.seconds > 0 else ""
    states = ", ".join(f"{_printable(state)} {count:,}" for state, count in replay.states.most_common())
    print(f"{replay.cycles:,} cycles in {replay.seconds:.1f} s{rate}: {states}")
    _print_exceptions(replay)
    for event in replay.events[:SHOWN_EVENTS]:
        print(f"{_moment(event.time)} {event.level}: {_printable(event.text)}")
    if replay.n_events > SHOWN_EVENTS:
        print(f"... and {replay.n_events - SHOWN_EVENTS:,} more events")
    print(f"{replay.compared:,} actions recomputed with {name}; largest difference {replay.largest:.3g}")
    if replay.first is None:
        print(f"No action differs by more than {tolerance:g}.")
        return
    first = replay.first
    print(
        f"The first action that differs by more than {tolerance:g} is in cycle {first.number} of {first.path.name}, "
        f"{_moment(first.time)}:\n    recorded    {_numbers(first.recorded)}\n"
        f"    recomputed  {_numbers(first.recomputed)}"
    )


def _print_exceptions(replay: "Replay") -> None:
    counts = {
        "not recorded, because the disk was too slow or full": replay.missing,
        "without an action": replay.without_action,
        "not recomputed: the episode began before the recording or a gap in it": replay.without_memory,
    }
    for text, count in counts.items():
        if count:
            print(f"{count:,} cycles {text}")
    for path in replay.ends_early:
        print(f"{path} ends early, as after a kill; its complete part was read")
    for sha256 in sorted(replay.other_files):
        print(f"recorded with another file, of SHA-256 {_printable(sha256)}")


def _moment(time: int) -> str:
    seconds, nanoseconds = divmod(time, 10**9)
    try:
        moment = datetime.fromtimestamp(seconds, timezone.utc)
    except (OverflowError, ValueError, OSError):
        return f"{time} ns"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{nanoseconds // 10**6:03d}Z"


def _numbers(array: "NDArray[Any]") -> str:
    import numpy as np

    return np.array2string(array.reshape(-1), threshold=SHOWN_NUMBERS, separator=", ", precision=9)


def _printable(text: str) -> str:
    """Return text of a file without control characters of a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
