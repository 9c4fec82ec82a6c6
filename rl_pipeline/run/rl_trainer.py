"""The training loop of a run: iterate, log, evaluate, save, until done or asked to stop."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rl_pipeline.atomic import atomic_write
from rl_pipeline.config.schema import Config
from rl_pipeline.learners.learner import NonFiniteError
from rl_pipeline.run.callback import OngoingTraining
from rl_pipeline.run.checkpoint_store import CheckpointStore, step_name, top_name
from rl_pipeline.run.checkpoints import LEARNER_FILES, Checkpoint, write_checkpoint
from rl_pipeline.run.control import TrainingControl
from rl_pipeline.run.early_stopping import check_finite, reason_to_stop, time_is_up
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.milestones import crossed, frequency
from rl_pipeline.run.reports import Reports
from rl_pipeline.run.session import Session
from rl_pipeline.run.shared_checkpoint import write_together
from rl_pipeline.run.training_state import write_policy, write_training_state

logger = logging.getLogger(__name__)

MAX_LOG_ROWS = 1000


@dataclass(frozen=True)
class TrainingResult:
    """Result of a training.

    Attributes:
        status: `finished`, or `stopped` if a stop was requested.
        timestep: Timesteps trained, including earlier parts of a resumed run.
        best_mean_return: The best evaluation; None if there was none.
        reason: Why it ended before its last timestep; None if it did not.
    """

    status: str
    timestep: int
    best_mean_return: float | None
    reason: str | None


class RLTrainer:
    """Trains the learner of a session.

    Args:
        config: The run's configuration.
        folder: The run's folder.
        session: Its environment, learner and trackers, new or restored from a checkpoint.
        control: Requests to the training.
        reason: Why the training has already ended before its last timestep, so that only its conclusion is missing.
    """

    def __init__(
        self,
        config: Config,
        folder: RunFolder,
        session: Session,
        control: TrainingControl,
        reason: str | None = None,
    ) -> None:
        self.config = config
        self.folder = folder
        self.session = session
        self.control = control
        self.learner = session.learner
        self.store = CheckpointStore(folder.checkpoints)
        self.settings = config.training.training
        self.checkpoint_settings = config.training.checkpoint
        self.log_every = frequency(self.settings.total_timesteps, MAX_LOG_ROWS, None)
        self.save_every = frequency(
            self.settings.total_timesteps,
            self.checkpoint_settings.num_checkpoints,
            self.checkpoint_settings.frequency,
        )
        self.reason = reason
        self.stop_reason: str | None = None
        self.ranks = session.ranks
        self.reports = Reports(folder, config, session)
        self.start_timestep = self.learner.timesteps
        self.callbacks = session.callbacks
        self.ongoing = OngoingTraining(config, folder, session)

    def train(self) -> TrainingResult:
        """Run the training to its end.

        Raises:
            NonFiniteError: A loss, return or weight became NaN; the state was dumped into a separate checkpoint.
            CallbackError: A callback failed.
        """
        self.callbacks.start(self.ongoing)
        if self.learner.timesteps == 0 and self.session.progression.last_evaluation_timestep is None:
            self._evaluate()  # before the checkpoint, so that a resumed run does not repeat it
            self._save("init")
        self._serve_requests()
        while not self._is_over():
            before = self.learner.timesteps
            self._iterate()
            self.callbacks.iteration(self.ongoing)
            self._if_due(before, self.log_every, self._log)
            self._if_due(before, self.session.evaluation.every, self._evaluate)
            if self.callbacks:
                self._stop_for_callbacks()
            if self.reason is None:  # a run resumed from here would not know that it ends here
                self._if_due(before, self.save_every, self._save_step)
            if self.settings.max_minutes is not None:
                self.reason = self.reason or self.ranks.broadcast(self._time_is_up())
            self._serve_requests()
        return self._finish()

    def _stop_for_callbacks(self) -> None:
        """End if a callback of any rank requests it; all ranks end at the same time."""
        reasons = self.ranks.gather(self.ongoing.stop_reason)
        self.reason = self.reason or next(filter(None, reasons), None)

    def _serve_requests(self) -> None:
        """Save and stop if this is requested of any rank; all ranks stop at the same time."""
        saves = True
        while saves:
            saves = self.control.take_save_request()
            stops, saves = self.ranks.any(self.control.stop_reason is not None, saves)
            if saves:
                self._save_step()
        if stops:
            self.stop_reason = next(filter(None, self.ranks.gather(self.control.stop_reason)))

    def _is_over(self) -> bool:
        return self.stop_reason is not None or self._is_trained()

    def _is_trained(self) -> bool:
        return self.reason is not None or self.learner.timesteps >= self.settings.total_timesteps

    def _time_is_up(self) -> str | None:
        return time_is_up(self.settings.max_minutes, self.session.split.minutes())

    def _limit_of_time(self) -> float | None:
        """Return the time limit if it ended the training, so that more time continues it."""
        return (
            self.settings.max_minutes
            if self.reason is not None and self.reason == self._time_is_up()
            else None
        )

    def _iterate(self) -> None:
        try:
            self.learner.iterate(self.session.split.switch)
        except ValueError:  # torch's distributions raise it for NaN
            self._refuse_broken_policy()
            if self._fault():
                self._dump_and_raise(NonFiniteError("the policy cannot act on this"))
            raise
        self.session.split.switch("other")

    def _if_due(self, before: int, every: int, action: Callable[[], object]) -> None:
        if crossed(before, self.learner.timesteps, every):
            action()

    def _log(self) -> None:
        timestep, split = self.learner.timesteps, self.session.split
        values = {**self.learner.take_metrics(), **split.values(timestep)}
        self.session.tracker.write(timestep, values)
        if self.settings.early_stopping.stop_on_nan:
            self._dump_where_not_finite(lambda: check_finite(values))
        self.session.progress.update(timestep, self.learner.mean_return, split)
        if self.ranks.leads:
            self.reports.renew_if_due()

    def _evaluate(self) -> None:
        if not self.session.evaluation.every:
            return
        timestep, age = self.learner.timesteps, self.session.split.age()
        with self.session.split.measure("evaluate"):
            result, is_best = self.session.evaluation.run(self.learner, self.session.env)
        summary = result.summary()
        self.session.tracker.write(timestep, {**summary, **age})
        self.session.progress.message(
            f"timestep {timestep:,}: mean return {result.mean_return:,.1f} over {len(result.returns)} episodes"
        )
        self.callbacks.evaluation(self.ongoing, summary, is_best=is_best)
        if is_best and self.checkpoint_settings.keep_best:
            self._save("best", resumable=False, mean_return=result.mean_return)
        if timestep:
            self._keep_top(result.mean_return)
        early_stopping = self.settings.early_stopping
        self.reason = self.reason or reason_to_stop(early_stopping, self.session.progression, summary)

    def _keep_top(self, mean_return: float) -> None:
        """Keep the policy if it is one of the best and several are kept; `best` is a copy of the first."""
        count = int(self.checkpoint_settings.keep_best)
        if count > 1 and self.ranks.broadcast(self.ranks.leads and self.store.is_top(mean_return, count)):
            self._save(top_name(self.learner.timesteps), resumable=False, mean_return=mean_return)
            if self.ranks.leads:
                self.store.keep_top(count)

    def _save_step(self) -> None:
        self._save(step_name(self.learner.timesteps))
        if self.ranks.leads:
            self.store.keep_last(self.checkpoint_settings.keep_last)

    def _save(self, name: str, *, resumable: bool = True, **details: float) -> None:
        """Write a checkpoint. If the disk is full, only this checkpoint is lost, and the training continues."""
        self._refuse_broken_policy()
        self.session.tracker.flush()
        try:
            self._write(name, resumable=resumable, **details)
            if resumable:
                self._publish(name)
        except OSError as error:
            logger.warning(
                "checkpoint '%s' could not be written (%s); the older ones are untouched", name, error
            )
        else:
            self.callbacks.checkpoint(self.ongoing, self.folder.checkpoints / name)

    def _save_last(self, name: str, **details: float | str | None) -> None:
        """Write the last checkpoint; if this fails, the training fails."""
        self._write(name, resumable=True, **details)
        self._publish(name)
        self.callbacks.checkpoint(self.ongoing, self.folder.checkpoints / name)

    def _write(self, name: str, *, resumable: bool = True, **details: float | str | None) -> Checkpoint:
        target, timestep = self.folder.checkpoints / name, self.learner.timesteps
        if resumable:
            return write_together(target, timestep, self.ranks, self._write_all, resumable=True, **details)
        if not self.ranks.leads:
            return Checkpoint(target)
        return write_checkpoint(target, timestep, self._write_policy, resumable=False, **details)

    def _write_policy(self, folder: Path) -> None:
        write_policy(folder, self.learner, self.session.env)

    def _write_all(self, folder: Path) -> None:
        """Write this rank's part of a checkpoint; rank 0 writes the policy, which all ranks share."""
        self.session.progression.minutes = self.session.split.minutes()
        if self.ranks.leads:
            self._write_policy(folder)
        self._write_state(folder, experience=self.checkpoint_settings.replay_buffer, rank=self.ranks.rank)

    def _write_state(self, folder: Path, *, experience: bool, rank: int = 0) -> None:
        session = self.session
        parts = self.learner, session.env, session.progression, session.callbacks
        write_training_state(folder, *parts, experience=experience, rank=rank)

    def _publish(self, name: str) -> None:
        """Make the policy of a checkpoint the run's newest; after a kill in between, the older one is usable."""
        if not self.ranks.leads:
            return
        sources = [self.folder.checkpoints / name / file for file in LEARNER_FILES]
        for source in filter(Path.exists, sources):
            with atomic_write(self.folder.path / source.name) as file:
                file.write(source.read_bytes())

    def _refuse_broken_policy(self) -> None:
        if self.settings.early_stopping.stop_on_nan:
            self._dump_where_not_finite(self.learner.check_finite)

    def _dump_where_not_finite(self, check: Callable[[], None]) -> None:
        try:
            check()
        except NonFiniteError as error:
            self._dump_and_raise(error)

    def _dump_and_raise(self, error: NonFiniteError) -> None:
        dump = self._dump()
        good = self.store.newest_good()
        remedy = f"the newest good checkpoint is {good.path}" if good else "no good checkpoint exists"
        moment = f"training broke at timestep {self.learner.timesteps:,}"
        cause = "; ".join(filter(None, [self._fault(), str(error)]))
        raise NonFiniteError(f"{moment}: {cause}; its state is in {dump.path}; {remedy}") from error

    def _dump(self) -> Checkpoint:
        """Write the state of this rank only, since the others may not know of the error."""
        rank = f"_rank_{self.ranks.rank:04d}" if self.ranks.rank else ""
        target = self.folder.checkpoints / f"nan_{step_name(self.learner.timesteps)}{rank}"

        def write_files(folder: Path) -> None:
            self._write_policy(folder)
            self._write_state(folder, experience=True)

        return write_checkpoint(target, self.learner.timesteps, write_files)

    def _fault(self) -> str:
        """Return the name of the first environment that returned NaN or infinity; empty if none did."""
        fault = self.learner.first_fault
        if fault is None:
            return ""
        timestep = self.start_timestep + fault.step * self.session.env.num_envs * self.ranks.size
        return f"environment {fault.environment} returned the {fault.what} at timestep {timestep:,}"

    def _finish(self) -> TrainingResult:
        timestep = self.learner.timesteps
        is_finished = self.stop_reason is None
        if is_finished and self.session.progression.last_evaluation_timestep != timestep:
            self._evaluate()
        if (
            self._is_trained()
        ):  # also if a stop was requested in the last rollout: only the conclusion is missing
            total = self.settings.total_timesteps
            limit = self._limit_of_time()
            self._save_last("final", total_timesteps=total, max_minutes=limit, reason=self.reason)
        elif not self.ranks.broadcast((self.folder.checkpoints / step_name(timestep)).exists()):
            self._save_last(step_name(timestep))
        self.session.status = "finished" if is_finished else "stopped"
        if self.ranks.leads:
            self.reports.renew()
        self.callbacks.end(self.ongoing, self.session.status)
        best = self.session.progression.best_mean_return
        return TrainingResult(self.session.status, timestep, best, self.stop_reason or self.reason)
