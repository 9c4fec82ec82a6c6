"""`rl-pipeline sweep`: search over settings of an experiment, or resume, inspect and stop a search."""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.commands.run_arguments import add_trust
from rl_pipeline.errors import FAILED, RefusedError
from rl_pipeline.output import go_on_unread

if TYPE_CHECKING:
    from rl_pipeline.search.driver import SweepDriver
    from rl_pipeline.search.folder import SweepFolder

NAME = "sweep"
HELP = "search over settings of an experiment with several trainings, or resume a search"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.usage = (
        "rl-pipeline sweep --config FILE [--cluster NAME] [key=value,value ...]\n"
        "       rl-pipeline sweep --resume NAME|auto [--retry-failed]\n"
        "       rl-pipeline sweep status|stop|report NAME\n"
        "       rl-pipeline sweep enqueue NAME key=value [key=value ...]"
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="key=value",
        help="an override; all combinations of lists such as gamma=0.98,0.99 are tried; "
        f"or one of {', '.join(ACTIONS)} and the name of a sweep",
    )
    parser.add_argument("--config", type=Path, help="YAML file with the section `sweep`, or any experiment")
    parser.add_argument(
        "--resume",
        metavar="NAME|auto",
        help="resume a sweep, given by its folder or its name under experiments/; 'auto' resumes the newest",
    )
    parser.add_argument(
        "--cluster",
        metavar="NAME|FILE",
        help="train the runs on a cluster, with a profile as in `rl-pipeline train`",
    )
    parser.add_argument(
        "--retry-failed", action="store_true", help="with --resume: repeat the trials that failed"
    )
    add_trust(parser)


def run(options: argparse.Namespace) -> int:
    """Search, or run the action that the first word names."""
    first, *others = options.words or [""]
    if first in ACTIONS and options.config is None and options.resume is None:
        if not others:
            raise RefusedError(f"name a sweep: rl-pipeline sweep {first} NAME")
        from rl_pipeline.search.folder import find_sweep

        return ACTIONS[first](find_sweep(others[0]), others[1:])
    folder = _folder(options)
    go_on_unread()
    return search(folder, retry_failed=options.retry_failed)


def _folder(options: argparse.Namespace) -> "SweepFolder":
    """Make the folder of a new sweep, or find the one to resume."""
    from rl_pipeline.config.cluster import load_cluster
    from rl_pipeline.search.folder import create_sweep_folder, find_sweep, sweep_of
    from rl_pipeline.search.launchers import use_cluster
    from rl_pipeline.search.settings import change_sweep, load_sweep
    from rl_pipeline.search.study import refuse_taken_name

    if options.resume is not None:
        if options.config is not None:
            raise RefusedError("--resume reads the configuration from the sweep's folder; leave out --config")
        folder = find_sweep(options.resume)
        change_sweep(folder, options.words)
        if options.cluster is not None:
            use_cluster(folder, load_cluster(options.cluster))
        return folder
    if options.config is None:
        raise RefusedError("name a YAML file with --config, or a sweep with --resume")
    if options.retry_failed:
        raise RefusedError("--retry-failed needs --resume")
    config = load_sweep(options.config, options.words)
    refuse_taken_name(sweep_of(config))
    cluster = load_cluster(options.cluster, config.cluster) if options.cluster is not None else None
    folder, _ = create_sweep_folder(config)
    if cluster is not None:
        use_cluster(folder, cluster)
    return folder


def search(folder: "SweepFolder", *, retry_failed: bool = False) -> int:
    """Run the remaining trials of a sweep, and return the exit status: 1 if all of them failed."""
    from optuna.trial import TrialState

    from rl_pipeline.run.conclusion import shown
    from rl_pipeline.search.status import conclusion

    with driving(folder) as driver:
        if retry_failed:
            print(f"{driver.study.retry_failed()} failed trials will be repeated")
        print(f"sweep {shown(folder.path)}: {driver.study.describe()}", flush=True)
        driver.run()
        best, reason = driver.study.best(), driver.control.stop_reason
        print(conclusion(folder, driver.study.trials(), best, reason))
        has_failed = not best and reason is None and bool(driver.study.trials(TrialState.FAIL))
    return FAILED if has_failed else 0


@contextmanager
def driving(folder: "SweepFolder") -> "Iterator[SweepDriver]":
    """Make the driver of a sweep, with its lock; signals ask it to stop."""
    from rl_pipeline.run.control import TrainingControl
    from rl_pipeline.search.driver import SweepDriver
    from rl_pipeline.search.folder import sweep_of
    from rl_pipeline.search.launchers import make_launcher
    from rl_pipeline.search.settings import search_space

    control = TrainingControl("stopping all trainings, which save first")
    with folder.locked(), control.listening():
        config = folder.load()
        launcher = make_launcher(folder, sweep_of(config))
        yield SweepDriver(folder, config, search_space(config), launcher, control)


def status(folder: "SweepFolder", words: list[str]) -> int:
    """Print the progress of a sweep."""
    from rl_pipeline.search.status import overview

    print(overview(folder))
    return 0


def stop(folder: "SweepFolder", words: list[str]) -> int:
    """Ask the driver of a sweep and its runs to save and stop, and wait until they have."""
    if folder.is_locked():
        folder.ask("stop")
        print("waiting for the runs to save and stop", flush=True)
        while folder.is_locked():
            time.sleep(0.5)
        print("stopped")
        return 0
    with driving(folder) as driver:
        print(f"no driver is running; {driver.stop_left_jobs()} runs that it had left were stopped")
    return 0


def enqueue(folder: "SweepFolder", words: list[str]) -> int:
    """Enqueue a trial with given values."""
    from rl_pipeline.search.settings import given_parameters

    parameters = given_parameters(folder.load(), words)
    folder.ask("enqueue", **parameters)
    print(
        "enqueued; the driver starts it next"
        if folder.is_locked()
        else "enqueued; resume the sweep to train it"
    )
    return 0


def report(folder: "SweepFolder", words: list[str]) -> int:
    """Write the report of a sweep."""
    from rl_pipeline.search.report import write_report

    print(write_report(folder.path))
    return 0


ACTIONS: dict[str, Callable[["SweepFolder", list[str]], int]] = {
    "status": status,
    "stop": stop,
    "enqueue": enqueue,
    "report": report,
}
