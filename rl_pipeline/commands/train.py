"""`rl-pipeline train`: start or resume a training."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.commands.argument_types import seeds
from rl_pipeline.commands.run_arguments import add_trust, tell_code
from rl_pipeline.errors import RefusedError
from rl_pipeline.output import go_on_unread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rl_pipeline.learners.parallel.ranks import Ranks
    from rl_pipeline.run.control import TrainingControl
    from rl_pipeline.run.folder import RunFolder
    from rl_pipeline.run.plan import Plan
    from rl_pipeline.run.rl_trainer import TrainingResult
    from rl_pipeline.run.trackers import MakeWriter

NAME = "train"
HELP = "train a policy from a YAML file, or resume a run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="e.g. training.algorithm_parameters.gamma=0.98"
    )
    parser.add_argument("--config", type=Path, help="the experiment's YAML file")
    parser.add_argument(
        "--resume",
        metavar="RUN|auto",
        help="resume a run; 'auto' resumes the newest run of --config, or starts a new run",
    )
    parser.add_argument(
        "--folder", type=Path, help="folder of the run, instead of a new one with name and date"
    )
    parser.add_argument(
        "--allow-other-ranks",
        action="store_true",
        help="resume with a different number of processes; all environments then start new episodes",
    )
    parser.add_argument(
        "--cluster",
        metavar="NAME|FILE",
        help="submit the training to Slurm, with a profile of configs/clusters or of a YAML file",
    )
    parser.add_argument(
        "--seeds",
        type=seeds,
        metavar="0-4|0,7",
        help="with --cluster: submit one training for each of these seeds",
    )
    add_trust(parser)


def run(options: argparse.Namespace) -> int:
    """Train, then evaluate and film the result; all processes of torchrun or mpirun train together."""
    from rl_pipeline.learners.parallel.joining import joined_ranks

    if options.cluster is not None:
        return submit(options)
    if options.seeds is not None:
        raise RefusedError(
            "--seeds needs --cluster; to train several seeds on this machine, use `rl-pipeline sweep`"
        )
    with joined_ranks() as ranks:
        plan = ranks.from_first(lambda: _plan_unless_finished(options))
        if plan is not None:
            train_and_conclude(plan, ranks=ranks)
    return 0


def _plan_unless_finished(options: argparse.Namespace) -> "Plan | None":
    from rl_pipeline.run.plan import AlreadyFinishedError

    try:
        plan = make_plan(
            options.config,
            options.resume,
            options.overrides,
            target=options.folder,
        )
    except AlreadyFinishedError as error:
        print(error)
        return None
    return replace(plan, allow_other_ranks=options.allow_other_ranks)


def submit(options: argparse.Namespace) -> int:
    """Submit trainings to a cluster."""
    from rl_pipeline.search.cluster_training import Request, submit_trainings

    if options.folder is not None:
        raise RefusedError("--folder: a job on a cluster chooses the folder of its run; leave it out")
    if options.config is None and options.resume in (None, "auto"):
        raise RefusedError("name a YAML file with --config, or a run with --resume")
    request = Request(options.config, options.resume, tuple(options.overrides), options.trust_code)
    print(submit_trainings(request, options.cluster, options.seeds))
    return 0


def make_plan(
    config: Path | None,
    resume: str | None,
    overrides: list[str],
    *,
    target: Path | None = None,
) -> "Plan":
    """Convert the command line to a plan.

    Args:
        config: The experiment's file.
        resume: The run to resume, or `auto`.
        overrides: Changes to the configuration.
        target: The folder of a new run, or of the one that `auto` resumes.

    Raises:
        UserError: Neither a configuration nor a run is named, the run does not exist, or it is being trained.
    """
    from rl_pipeline.run.plan import plan_auto, plan_new, plan_resume

    if resume not in (None, "auto"):
        if target is not None:
            raise RefusedError("--folder names the folder of a new run; leave it out, or write --resume auto")
        plan = plan_resume(str(resume), overrides)
    elif config is None:
        raise RefusedError("name a YAML file with --config, or a run with --resume")
    else:
        plan = (plan_auto if resume else plan_new)(config, overrides, target=target)
    if plan.folder is not None:
        tell_code(plan.folder)
    return plan


def train_and_conclude(
    plan: "Plan",
    control: "TrainingControl | None" = None,
    make_writers: "Sequence[MakeWriter]" = (),
    ranks: "Ranks | None" = None,
) -> "tuple[RunFolder, TrainingResult]":
    """Run a plan; a finished training is evaluated and filmed. The arguments are those of `run_plan`.

    Raises:
        UserError: Another process trains this run, a checkpoint does not fit, the films cannot be rendered, or the
            training failed.
        OSError: The disk is full.
    """
    from rl_pipeline.deploy.export import export_at_end
    from rl_pipeline.run.train import run_plan

    go_on_unread()
    folder, result, text = run_plan(plan, control, make_writers, export_at_end, ranks)
    if text:
        print(f"\n{text}")
    return folder, result
