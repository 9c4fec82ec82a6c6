"""`rl-pipeline collect`: record episodes of trained policies."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.commands.argument_types import natural, path_ending_in, positive, seed
from rl_pipeline.commands.run_arguments import RUN_HELP, add_trust, check_folder, chosen
from rl_pipeline.errors import CommandFailedError, RefusedError

if TYPE_CHECKING:
    from rl_pipeline.datasets.rollout_store import RolloutStore
    from rl_pipeline.run.expert import Expert

NAME = "collect"
HELP = "record episodes of trained policies in an HDF5 file, as training data for other policies"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("runs", nargs="+", metavar="RUN", help=RUN_HELP)
    parser.add_argument(
        "--checkpoint",
        metavar="best|final|init|STEP",
        help="checkpoint of every run (default: the best, otherwise the newest)",
    )
    parser.add_argument(
        "--out",
        type=path_ending_in(".hdf5"),
        required=True,
        metavar="OUT.hdf5",
        help="the file to write, or to extend",
    )
    parser.add_argument("--episodes", type=positive, metavar="N", help="the same as --from-start")
    parser.add_argument("--from-start", type=natural, metavar="N", help="episodes of each run (default 10)")
    parser.add_argument(
        "--from-random",
        type=natural,
        default=0,
        metavar="N",
        help="recordings of each run that start at random points of episodes",
    )
    parser.add_argument(
        "--longest-prefix",
        type=positive,
        default=200,
        metavar="STEPS",
        help="maximum number of steps before a random point (default 200)",
    )
    parser.add_argument(
        "--noise",
        type=_noise,
        default=0.0,
        metavar="STD",
        help="standard deviation of Gaussian noise on the actions, in their units",
    )
    parser.add_argument(
        "--observations",
        choices=["raw", "seen"],
        default="raw",
        help="observations of the environment (default), or those after its wrappers, as the networks saw them",
    )
    parser.add_argument(
        "--seed", type=seed, default=0, help="seed that determines the seeds of all episodes (default 0)"
    )
    parser.add_argument(
        "--environments",
        type=positive,
        default=10,
        metavar="N",
        help="maximum number of environments that are stepped together (default 10)",
    )
    parser.add_argument(
        "--layout",
        choices=["own", "mocapact"],
        default="own",
        help="'mocapact' writes the layout of MoCapAct",
    )
    add_trust(parser)


def _noise(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' must be a non-negative number")
    return number


def run(options: argparse.Namespace) -> int:
    """Record the episodes that the file does not have yet."""
    from rl_pipeline.datasets.rollout_store import RolloutStore
    from rl_pipeline.run.collect import CollectionPlan, collect, contents_of
    from rl_pipeline.run.control import TrainingControl
    from rl_pipeline.run.expert import find_expert

    out: Path = options.out
    _check_out(out, options.layout)
    experts = [find_expert(*chosen(name, options.checkpoint)) for name in options.runs]
    plan = CollectionPlan(
        _episodes_from_start(options),
        options.from_random,
        options.noise,
        options.seed,
        options.observations,
        options.environments,
        options.longest_prefix,
    )
    with (
        TrainingControl("keeping the finished episodes").listening() as control,
        RolloutStore(out.resolve(), contents_of(experts, plan)) as store,
    ):
        try:
            collect(experts, plan, store, control, _report)
            finish(store, options.layout, stopped=control.stop_reason is not None)
        except OSError as error:
            raise CommandFailedError(f"{error}; the finished episodes are kept in {store.parts}") from error
    print(f"{out}: {len(store.origins)} episodes of {len(store.contents.experts)} experts")
    if control.stop_reason is not None:
        print("Stopped. Run the same command again to record the rest.")
    return 0


def finish(store: "RolloutStore", layout: str, *, stopped: bool) -> None:
    """Write the file; a file in MoCapAct's layout is written after the last episode."""
    from rl_pipeline.datasets.mocapact import write_mocapact
    from rl_pipeline.datasets.rollout_file import read_episode

    if layout == "own":
        store.consolidate()
    elif not stopped:
        episodes = map(read_episode, store.part_episodes())
        store.replace(lambda path: write_mocapact(path, store.contents, episodes))


def _episodes_from_start(options: argparse.Namespace) -> int:
    if options.episodes is not None and options.from_start is not None:
        raise RefusedError("--episodes and --from-start mean the same; give only one of them")
    numbers = [number for number in (options.episodes, options.from_start) if number is not None]
    count = numbers[0] if numbers else (0 if options.from_random else 10)
    if count + options.from_random == 0:
        raise RefusedError("no episodes are requested; add --episodes N")
    return int(count)


def _check_out(out: Path, layout: str) -> None:
    check_folder(out)
    if layout == "mocapact" and out.exists():
        raise RefusedError(
            f"{out} exists, and files in MoCapAct's layout cannot be extended; give another --out"
        )


def _report(expert: "Expert", kept: int, total: int) -> None:
    print(f"{expert.name}: {kept} of {total} episodes", flush=True)
