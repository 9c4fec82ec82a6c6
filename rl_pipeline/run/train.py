"""Start and resume of trainings."""

import errno
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from rl_pipeline.atomic import atomic_write, remove_leftovers
from rl_pipeline.config.loading import Check, dump_config, load_config
from rl_pipeline.config.schema import Config
from rl_pipeline.errors import UserError
from rl_pipeline.learners.parallel.ranks import RankLostError, Ranks, SingleRank
from rl_pipeline.run.announcement import announce
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.checkpoints import Checkpoint, CheckpointError
from rl_pipeline.run.conclusion import conclude, shown
from rl_pipeline.run.control import TrainingControl
from rl_pipeline.run.folder import (
    RunFolder,
    create_run_folder,
    empty_folder,
    experiment_parent,
    find_runs,
    require_free,
)
from rl_pipeline.run.kept_code import keep_user_code
from rl_pipeline.run.latest import mark_latest
from rl_pipeline.run.locate import find_run
from rl_pipeline.run.metadata import describe_run, read_metadata, update_metadata
from rl_pipeline.run.mujoco_version import mujoco_changes
from rl_pipeline.run.overrides import changed
from rl_pipeline.run.preflight import CHECKS
from rl_pipeline.run.rank_checks import check_ranks
from rl_pipeline.run.rl_trainer import RLTrainer, TrainingResult
from rl_pipeline.run.session import open_session
from rl_pipeline.run.step_watchdog import watching_steps
from rl_pipeline.run.trackers import MakeWriter
from rl_pipeline.run.trained_policy import stored_config
from rl_pipeline.run.trust import require_trust, require_trust_of_file
from rl_pipeline.run.user_code import name_user_code, without_folders

logger = logging.getLogger(__name__)

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Plan:
    """Plan of a `train` command.

    Attributes:
        config: The configuration to train with.
        folder: The run's folder, None for a new run.
        resume: The checkpoint to resume from, None to start from the beginning.
        reason: Why the training ended at this checkpoint, before its last timestep, so that only its conclusion is
            missing; None for any other plan.
        target: The folder of a new run; None for a folder named after environment, algorithm, name and date.
        allow_other_ranks: Whether the checkpoint may come from a different number of ranks.
    """

    config: Config
    folder: RunFolder | None = None
    resume: Checkpoint | None = None
    reason: str | None = None
    target: Path | None = None
    allow_other_ranks: bool = False


class AlreadyFinishedError(UserError):
    """Raised when a run has been trained and concluded; the message says how to continue its training."""


def plan_new(
    config_file: Path,
    overrides: Sequence[str] = (),
    checks: Sequence[Check] = CHECKS,
    target: Path | None = None,
) -> Plan:
    """Plan a new run.

    Args:
        config_file: The experiment.
        overrides: Changes to it.
        checks: Checks beyond the form of the configuration.
        target: The run's folder; None for a folder named after environment, algorithm, name and date.

    Raises:
        ConfigError: The configuration is refused.
        RefusedError: The folder already contains a run.
    """
    if target is not None:
        require_free(target)
    require_trust_of_file(config_file, overrides)
    return plan_for(load_config(config_file, overrides, checks=checks).config, target)


def plan_for(config: Config, target: Path | None = None) -> Plan:
    """Plan a new run with a checked configuration, without its section `sweep`."""
    return Plan(config.model_copy(update={"sweep": None}), target=target)


def plan_resume(name: str, overrides: Sequence[str] = (), checks: Sequence[Check] = CHECKS) -> Plan:
    """Plan to resume a run from its newest good checkpoint; a trained run is concluded.

    Args:
        name: The run, as for `find_run`.
        overrides: Changes to its configuration, such as more timesteps.
        checks: Checks beyond the form of the configuration.

    Raises:
        NotFoundError: The run does not exist.
        ConfigError: Its configuration with the overrides is refused, or it was downloaded and is not trusted.
        CheckpointError: The run has no good checkpoint.
        RunBusyError: Another process trains the run.
        AlreadyFinishedError: The run has been trained and concluded.
    """
    folder = find_run(name)
    stored = stored_config(folder)
    require_trust(stored, folder.path)
    config = changed(folder, stored, overrides, checks)
    store = CheckpointStore(folder.checkpoints)
    with folder.locked():  # without the lock, another process may still be writing files that look left over
        store.clean_up()
        remove_leftovers(folder.path)
    checkpoint = store.newest_good()
    if checkpoint is None:
        raise CheckpointError(
            f"{folder.path} has no good checkpoint to resume from; start a new run with --config"
        )
    total_timesteps = config.training.training.total_timesteps
    reason = checkpoint.early_end(total_timesteps, config.training.training.max_minutes)
    if is_done(folder, config, checkpoint):
        early = f" ({reason})" if reason else ""
        raise AlreadyFinishedError(
            f"{folder.path} has finished its {checkpoint.timestep:,} timesteps{early}; to train on, add "
            f"training.training.total_timesteps={2 * max(checkpoint.timestep, total_timesteps)}"
        )
    return Plan(config, folder, checkpoint, reason)


def plan_auto(
    config_file: Path,
    overrides: Sequence[str] = (),
    checks: Sequence[Check] = CHECKS,
    target: Path | None = None,
) -> Plan:
    """Plan to resume the newest run of this environment, algorithm, name and seed, or to start one.

    With a target, the run in this folder is resumed.

    Raises:
        ConfigError: The configuration is refused.
        RunBusyError: Another process trains the newest run.
        AlreadyFinishedError: The newest run has been trained and concluded.
    """
    if target is None:
        fresh = plan_new(config_file, overrides, checks)
        return _resume_or_start(newest_run(fresh.config), fresh, config_file, overrides, checks)
    folder = RunFolder(target) if RunFolder(target).config.exists() else None
    fresh = plan_new(config_file, overrides, checks, None if folder else target)
    return _resume_or_start(folder, replace(fresh, target=target), config_file, overrides, checks)


def _resume_or_start(
    folder: RunFolder | None,
    fresh: Plan,
    config_file: Path,
    overrides: Sequence[str],
    checks: Sequence[Check],
) -> Plan:
    """Plan to resume a run, or to start one if there is none with a good checkpoint."""
    if folder is None:
        return fresh
    try:
        plan = plan_resume(str(folder.path), overrides, checks)
    except CheckpointError:
        logger.warning("%s has no good checkpoint; a new run is started", folder.path)
        return fresh
    if without_folders(plan.config) != without_folders(fresh.config):
        logger.warning(
            "%s differs from the configuration of %s; the run's configuration is used",
            config_file,
            folder.path,
        )
    return plan


def newest_run(config: Config) -> RunFolder | None:
    """Find the newest run of a configuration's environment, algorithm, name and seed.

    The seed distinguishes runs of an experiment that are trained in parallel, such as the tasks of a job array.
    """
    parent, experiment = experiment_parent(config).resolve(), config.experiment
    runs = (run for run in reversed(find_runs(parent.parent.parent)) if run.path.parent == parent)
    named = (run for run in runs if run.experiment_name == experiment.name)
    return next((run for run in named if stored_config(run).experiment.seed == experiment.seed), None)


def is_done(folder: RunFolder, config: Config, checkpoint: Checkpoint) -> bool:
    """Return whether a run has finished, its end was evaluated, and it was not extended since."""
    metadata, limits = read_metadata(folder), config.training.training
    total = limits.total_timesteps
    earlier = metadata.get("total_timesteps")
    grown = total > max(earlier if isinstance(earlier, int) else total, checkpoint.timestep)
    grown |= bool(checkpoint.manifest().get("reason")) and not checkpoint.early_end(total, limits.max_minutes)
    return metadata.get("status") == "finished" and (folder.path / "eval.json").exists() and not grown


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
