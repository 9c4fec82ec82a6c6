"""Plans of trainings: a new run, or one that is resumed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rl_pipeline.atomic import remove_leftovers
from rl_pipeline.config.loading import Check, load_config
from rl_pipeline.config.schema import Config
from rl_pipeline.errors import UserError
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.checkpoints import Checkpoint, CheckpointError
from rl_pipeline.run.folder import RunFolder, experiment_parent, find_runs, require_free
from rl_pipeline.run.locate import find_run
from rl_pipeline.run.metadata import read_metadata
from rl_pipeline.run.overrides import changed
from rl_pipeline.run.preflight import CHECKS
from rl_pipeline.run.trained_policy import stored_config
from rl_pipeline.run.trust import require_trust, require_trust_of_file
from rl_pipeline.run.user_code import without_folders

logger = logging.getLogger(__name__)


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
