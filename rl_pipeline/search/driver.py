"""Driver of a sweep: it asks the study for trials, starts their runs, and reports their results to the study.

The driver has no state besides the study and the folders of the runs. If it is killed, its jobs continue; the next
driver finds them, and counts every trial once.
"""

import json
import time
from collections.abc import Iterator

from optuna.trial import TrialState

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.schema import Config
from rl_pipeline.errors import CommandFailedError
from rl_pipeline.run.control import TrainingControl
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.search.disk import NUMBERS, full_disk, is_full, says_full
from rl_pipeline.search.folder import SweepFolder, sweep_of
from rl_pipeline.search.launcher import Launcher
from rl_pipeline.search.objective import NoValueError, value_of_run, values_of_trial
from rl_pipeline.search.pruning import intermediate_values
from rl_pipeline.search.status import ending
from rl_pipeline.search.study import SearchSpace, SweepStudy
from rl_pipeline.search.trial import Trial, TrialRun, trial_config, write_trial_config
from rl_pipeline.search.trimming import trim
from rl_pipeline.tracking.csv_file import MINUTES

POLL_SECONDS = 0.5
ASK_AGAIN = 5.0
"""Seconds after which a job that has not stopped is asked again."""
MAX_FRUITLESS_STARTS = 5
"""Number of times that a run may be ended from outside without a newer checkpoint, e.g. for lack of memory."""


class SweepDriver:
    """Runs one sweep; the caller holds the lock of its folder.

    Args:
        folder: The sweep's folder.
        config: Its configuration.
        search: Settings of its trials.
        launcher: Runs the trainings.
        control: Requests to the driver.
    """

    def __init__(
        self,
        folder: SweepFolder,
        config: Config,
        search: SearchSpace,
        launcher: Launcher,
        control: TrainingControl,
    ) -> None:
        self.folder, self.config, self.launcher, self.control = folder, config, launcher, control
        self.sweep = sweep_of(config)
        self.study = SweepStudy(folder, config, search)
        self.trials: list[Trial] = []
        """Running trials."""
        self._trimmed: set[int] = set()
        self._started: set[str] = set()
        self._asked: dict[str, float] = {}
        """Times at which jobs were asked to stop."""
        self._ended: dict[str, tuple[int, int]] = {}
        """For runs that were ended from outside: their newest timestep, and how many times they ended there."""

    def run(self) -> None:
        """Search until all trials are done or a stop is requested.

        Raises:
            CommandFailedError: The disk is full.
            KeyboardInterrupt: Ctrl-C was pressed twice; all jobs were ended at once.
        """
        for request in self.folder.asked("stop"):
            request.unlink()
        self._take_up()
        try:
            while self._advance():
                self.control.wait(POLL_SECONDS)
            self._stop_jobs()
        except OSError as error:
            if error.errno in NUMBERS:
                raise full_disk(self.folder.path) from error
            raise
        except KeyboardInterrupt:
            for job in self._jobs():
                self.launcher.stop(job, at_once=True)
            raise

    def stop_left_jobs(self) -> int:
        """Ask the jobs that an earlier driver left to save and stop; return their number."""
        self._take_up()
        count = sum(1 for _ in self._jobs())
        self._stop_jobs()
        return count

    def _take_up(self) -> None:
        """Find the trials and jobs that an earlier driver left."""
        for frozen in self.study.trials(TrialState.RUNNING):
            self._begin(self.study.take_up(frozen))

    def _advance(self) -> bool:
        """Do everything that is possible now; return whether work remains for later."""
        self._take_requests()
        for trial in list(self.trials):
            self._poll(trial)
        if self.control.stop_reason is not None:
            return False
        self._submit()
        return bool(self.trials) or not self.study.is_complete()

    def _take_requests(self) -> None:
        for request in self.folder.asked("enqueue"):
            self.study.enqueue(json.loads(request.read_text()), request=request.stem)
            request.unlink()
        if self.folder.asked("stop"):
            self.control.stop("sweep stop")

    def _submit(self) -> None:
        """Start runs while slots are free, first those of trials that have already started."""
        while sum(1 for _ in self._jobs()) < self.launcher.n_parallel:
            waiting = next(self._startable(), None)
            if waiting is not None:
                self._start(*waiting)
            elif self.study.is_complete() or any(
                run.status == "waiting" for one in self.trials for run in one.runs
            ):
                return
            else:
                self._begin(self.study.ask())

    def _startable(self) -> Iterator[tuple[Trial, TrialRun]]:
        for trial in self.trials:
            for run in trial.runs:
                if run.status == "waiting" and not run.is_busy(self.folder.path):
                    yield trial, run

    def _begin(self, trial: Trial) -> None:
        """Start a trial; it fails if its values do not fit the experiment."""
        self.trials.append(trial)
        if trial.ending is not None:
            return
        try:
            config = trial_config(self.config, trial.parameters, trial.number)
        except ConfigError as error:
            self._fail(trial, str(error))
            return
        write_trial_config(self.folder.path / trial.name, config)
        self.study.save(trial)

    def _start(self, trial: Trial, run: TrialRun) -> None:
        run.job = self.launcher.submit(trial.work(self.folder.path, run, self.sweep.name or ""))
        self._started.add(run.job)
        self._asked.pop(run.job, None)
        run.status = "running"
        self.study.save(trial)

    def _poll(self, trial: Trial) -> None:
        """Follow the runs of a trial, and end it when they have ended."""
        for run in trial.runs:
            if trial.ending is None and run.status == "running" and run.job is not None:
                self._follow(trial, run, run.job)
        if trial.ending is not None:
            self._see_off(trial)
        elif self.sweep.pruner != "none" and self.study.report(trial, self._evaluations(trial)):
            self._end(
                trial, "PRUNED"
            )  # even if its runs have finished: the result must not depend on which was faster
        elif all(run.status == "finished" for run in trial.runs):
            self._complete(trial)

    def _follow(self, trial: Trial, run: TrialRun, job: str) -> None:
        state = self.launcher.state(job)
        if state in ("queued", "running"):
            return
        run.job = None
        if run.is_finished(self.folder.path):
            self._note_result(trial, run)
        elif state == "failed" and not run.is_busy(self.folder.path):
            self._note_failure(trial, run, job)
        elif is_full(self.folder.path):
            raise self._full_disk()
        elif self._may_restart(run):
            run.status = "waiting"
            self.study.save(trial)
        else:
            count = f"{MAX_FRUITLESS_STARTS} times in succession without a newer checkpoint"
            tail = trial.tail(self.folder.path, run)
            self._fail(trial, f"{run.folder} was ended from outside {count}\n{tail}")

    def _note_failure(self, trial: Trial, run: TrialRun, job: str) -> None:
        """End the trial of a run that failed, unless the disk was full: then the run waits for free space."""
        tail = trial.tail(self.folder.path, run)
        if not (says_full(tail) or is_full(self.folder.path)):
            run.status = "failed"
            self._fail(trial, tail)
            return
        run.status = "waiting"
        self.study.save(trial)
        if job in self._started or is_full(self.folder.path):
            raise self._full_disk()

    def _full_disk(self) -> CommandFailedError:
        """Stop all jobs and return the error to raise."""
        self._stop_jobs()
        return full_disk(self.folder.path)

    def _may_restart(self, run: TrialRun) -> bool:
        """Count a run that was ended from outside, and return whether to start it again."""
        before, count = self._ended.get(run.folder, (-1, 0))
        newest = run.newest_timestep(self.folder.path)
        count = 1 if newest > before else count + 1
        self._ended[run.folder] = newest, count
        return count < MAX_FRUITLESS_STARTS

    def _note_result(self, trial: Trial, run: TrialRun) -> None:
        data = trial.data(self.folder.path, run)
        clock = data.metrics.get(MINUTES)
        run.minutes = None if clock is None else float(clock.values[-1])
        run.status = "finished"
        try:
            values = [value_of_run(objective, data) for objective in self.sweep.objectives]
        except NoValueError as error:
            self._fail(trial, str(error))
            return
        run.values = None if None in values else [value for value in values if value is not None]
        self.study.save(trial)

    def _complete(self, trial: Trial) -> None:
        try:
            values = values_of_trial(
                self.sweep.objectives, [trial.data(self.folder.path, run) for run in trial.runs]
            )
        except NoValueError as error:
            self._fail(trial, str(error))
            return
        self._tell(trial, TrialState.COMPLETE, values)

    def _fail(self, trial: Trial, error: str) -> None:
        """Fail a trial because of its own error."""
        trial.error = error
        self._end(trial, "FAIL")

    def _end(self, trial: Trial, ending: str) -> None:
        """End a trial before its runs have ended."""
        trial.ending = ending
        for run in trial.runs:
            run.status = "stopped" if run.status == "waiting" else run.status
        self.study.save(trial)

    def _see_off(self, trial: Trial) -> None:
        """Stop the jobs of a trial that should end, and end the trial after them."""
        for run in trial.runs:
            if run.job is not None and self.launcher.state(run.job) in ("queued", "running"):
                self._ask_to_stop(run.job)
            else:
                run.job = None
                run.status = "stopped" if run.status == "running" else run.status
        if all(run.job is None for run in trial.runs):
            self._tell(trial, TrialState[trial.ending or "FAIL"])

    def _tell(self, trial: Trial, state: TrialState, values: list[float] | None = None) -> None:
        self.trials.remove(trial)
        self.study.tell(trial, state, values)
        best = self.study.best()
        print(ending(trial, state, values, best[0].number if best else None), flush=True)
        if self.sweep.keep is not None:
            self._trim(self.sweep.keep)

    def _trim(self, n_kept: int) -> None:
        """Delete files that trials outside of the best no longer need."""
        best = self.study.best()
        kept = {one.number for one in (best if len(self.sweep.objectives) > 1 else best[:n_kept])}
        for frozen in self.study.trials(TrialState.COMPLETE, TrialState.PRUNED):
            if frozen.number not in kept | self._trimmed:
                trim([RunFolder(self.folder.path / run["folder"]) for run in frozen.user_attrs["runs"]])
                self._trimmed.add(frozen.number)

    def _stop_jobs(self) -> None:
        """Ask all jobs to save and stop, and wait for them; trials that finish meanwhile count."""
        while jobs := list(self._jobs()):
            for job in jobs:
                self._ask_to_stop(job)
            time.sleep(POLL_SECONDS)
            for trial in list(self.trials):
                self._poll(trial)

    def _ask_to_stop(self, job: str) -> None:
        """Ask a job to save and stop; again after a while, since one that was just starting may have missed it."""
        now = time.monotonic()
        if now - self._asked.get(job, -ASK_AGAIN) >= ASK_AGAIN:
            self._asked[job] = now
            self.launcher.stop(job)

    def _jobs(self) -> Iterator[str]:
        for trial in self.trials:
            yield from (run.job for run in trial.runs if run.job is not None)

    def _evaluations(self, trial: Trial) -> list[float]:
        root = self.folder.path
        started = [trial.data(root, run) for run in trial.runs if (root / run.folder).exists()]
        return intermediate_values(self.sweep.objectives[0], started)
