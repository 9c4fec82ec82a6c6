"""Training from a plan: the run's folder, records, loop and conclusion."""

import errno
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from rl_pipeline.atomic import atomic_write
from rl_pipeline.config.loading import dump_config
from rl_pipeline.learners.parallel.ranks import RankLostError, Ranks, SingleRank
from rl_pipeline.run.announcement import announce
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.conclusion import conclude, shown
from rl_pipeline.run.control import TrainingControl
from rl_pipeline.run.folder import (
    RunFolder,
    create_run_folder,
    empty_folder,
    experiment_parent,
)
from rl_pipeline.run.kept_code import keep_user_code
from rl_pipeline.run.latest import mark_latest
from rl_pipeline.run.metadata import describe_run, read_metadata, update_metadata
from rl_pipeline.run.mujoco_version import mujoco_changes
from rl_pipeline.run.plan import Plan
from rl_pipeline.run.rank_checks import check_ranks
from rl_pipeline.run.rl_trainer import RLTrainer, TrainingResult
from rl_pipeline.run.session import open_session
from rl_pipeline.run.step_watchdog import watching_steps
from rl_pipeline.run.trackers import MakeWriter
from rl_pipeline.run.user_code import name_user_code

logger = logging.getLogger(__name__)

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def run_plan(
    plan: Plan,
    control: TrainingControl | None = None,
    make_writers: Sequence[MakeWriter] = (),
    export: Callable[[RunFolder], None] | None = None,
    ranks: Ranks | None = None,
) -> tuple[RunFolder, TrainingResult, str]:
    """Run a plan in the main thread; a finished training is evaluated and filmed.

    Args:
        plan: The plan.
        control: Requests to the training besides this process's signals.
        make_writers: Makes additional writers for the run's records, given its folder.
        export: Exports the policy of a training that finished.
        ranks: The processes that run this plan together; None for a single process. Only rank 0 keeps records,
            prints, and concludes the training.

    Returns:
        The run's folder, the result of the training, and the final message for the user.

    Raises:
        RunBusyError: Another process trains this run.
        NonFiniteError: The training produced NaN or infinity.
        RankLostError: Another rank died or hangs.
    """
    ranks = ranks or SingleRank()
    ranks.timeout = plan.config.training.training.rank_timeout
    check_ranks(plan.config, plan.resume, ranks, allow_other_ranks=plan.allow_other_ranks)
    folder = plan.folder or ranks.from_first(lambda: create_run_folder(plan.config, plan.target))
    is_new_here = plan.resume is None and folder.path.parent == experiment_parent(plan.config).resolve()
    with (
        folder.locked() if ranks.leads else nullcontext(),
        set_up(folder, plan, ranks),
        logged_to(folder.path / "log.txt", ranks) as log,
        copied_code(plan, folder, ranks) as plan,
        (control or TrainingControl(quiet=not ranks.leads)).listening() as control,
        watching_steps(plan.config.environment.step_timeout, control, folder),
        open_session(plan.config, folder, plan.resume, make_writers, ranks) as session,
        failure_noted(folder, ranks),
    ):
        if not ranks.leads:
            return folder, RLTrainer(plan.config, folder, session, control, plan.reason).train(), ""
        prepare_folder(folder, plan)
        if is_new_here:
            mark_latest(folder)
        update_metadata(folder, wandb_id=session.progression.wandb_id)
        announce(plan.config, folder, session, plan.reason, log.note)
        result = RLTrainer(plan.config, folder, session, control, plan.reason).train()
        status = "concluding" if result.status == "finished" else result.status
        update_metadata(folder, status=status, timestep=result.timestep, reason=result.reason)
        session.close_environments()
        text = conclude(folder, plan.config, result, session.tracker, export)
        update_metadata(folder, status=result.status)
    return folder, result, text


@contextmanager
def set_up(folder: RunFolder, plan: Plan, ranks: Ranks) -> Iterator[None]:
    """Start a new run in an empty folder; remove the folder if this fails. The caller holds the lock."""
    if plan.resume is None and plan.target is not None:
        # A start that was killed may have left rows that no checkpoint knows.
        ranks.from_first(lambda: empty_folder(folder))
    try:
        yield
    finally:
        if ranks.leads and not folder.config.exists():
            shutil.rmtree(folder.path, ignore_errors=True)


@contextmanager
def copied_code(plan: Plan, folder: RunFolder, ranks: Ranks) -> Iterator[Plan]:
    """Change a plan to use the run's own copies of users' files.

    Raises:
        ConfigError: The copies would be incomplete.
    """
    yield replace(plan, config=ranks.from_first(lambda: keep_user_code(plan.config, folder)))


@contextmanager
def failure_noted(folder: RunFolder, ranks: Ranks) -> Iterator[None]:
    """Record in `run.json` why a run ended early, and print how to resume it."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, RankLostError):
            # At once: the launcher also ends this process, and its signal is only caught for a short time.
            logger.error("%s", error)
        where = f", started in {ranks.size} ranks again" if ranks.size > 1 else ""
        error.add_note(
            f"Resume from the newest checkpoint with: rl-pipeline train --resume {shown(folder.path)}{where}"
        )
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            error.add_note(_what_a_full_disk_left(folder))
        if not ranks.leads:
            raise
        status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        try:
            update_metadata(folder, status=status, error=repr(error))
        except OSError as disk_error:
            logger.warning("%s could not be updated: %s", folder.metadata, disk_error)
        raise


def _what_a_full_disk_left(folder: RunFolder) -> str:
    free = shutil.disk_usage(folder.path).free
    good = CheckpointStore(folder.checkpoints).newest_good()
    safe = f"the checkpoint '{good.name}' is complete" if good else "no checkpoint is complete"
    return f"The disk of {shown(folder.path)} has {free:,} bytes free; {safe}. Free some space before you resume."


def prepare_folder(folder: RunFolder, plan: Plan) -> None:
    """Write the description of this run, and drop records after the checkpoint to resume from.

    Call it once the checkpoint has been found to fit: a refused change must not stay in the run's configuration.
    """
    with atomic_write(folder.config, mode="w") as file:
        file.write(dump_config(name_user_code(plan.config, folder)))
    description = describe_run(folder)
    if plan.resume is not None:
        description |= mujoco_changes(read_metadata(folder), plan.config.environment, plan.resume.timestep)
        CheckpointStore(folder.checkpoints).drop_after(plan.resume.timestep)
    update_metadata(folder, **description, total_timesteps=plan.config.training.training.total_timesteps)


class LogFile(logging.FileHandler):
    """A log that may have gaps after a full disk; everything is printed as well."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - a method of logging.Handler
        """Skip a record that could not be written."""

    def note(self, text: str) -> None:
        """Write lines that are not warnings and are printed elsewhere."""
        for line in text.splitlines():
            self.handle(logging.makeLogRecord({"name": __name__, "levelname": "INFO", "msg": line}))


@contextmanager
def logged_to(path: Path, ranks: Ranks) -> Iterator[LogFile]:
    """Also write all messages and warnings of the run to a file; ranks other than 0 write only to the file."""
    handler = LogFile(path)
    rank = "" if ranks.leads else f" [rank {ranks.rank}]"
    handler.setFormatter(logging.Formatter(f"%(asctime)s %(levelname)s %(name)s:{rank} %(message)s"))
    root = logging.getLogger()
    levels = {other: other.level for other in root.handlers}
    for other in () if ranks.leads else levels:
        other.setLevel(logging.CRITICAL)
    root.addHandler(handler)
    try:
        yield handler
    finally:
        for other, level in levels.items():
            other.setLevel(level)
        root.removeHandler(handler)
        handler.close()
