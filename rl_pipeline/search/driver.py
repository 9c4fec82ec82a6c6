"""Carries out a sweep: asks the study for trials, has their runs trained, and tells the study how they ended.

The driver holds nothing that is not in the study or in the folders of the runs. One that is killed leaves its jobs
running; the next finds them, and counts every trial once.
"""

import errno
import json
import logging
import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Iterator

from optuna.trial import TrialState

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.schema import Config
from rl_pipeline.errors import CommandFailedError
from rl_pipeline.run.conclusion import shown
from rl_pipeline.run.control import TrainingControl
from rl_pipeline.run.folder import RunBusyError, RunFolder
from rl_pipeline.search.folder import SweepFolder, sweep_of
from rl_pipeline.search.launcher import Launcher, Work
from rl_pipeline.search.objective import NoValueError, RunData, read_run, value_of_run, values_of_trial
from rl_pipeline.search.pruning import intermediate_values
from rl_pipeline.search.study import SearchSpace, SweepStudy
from rl_pipeline.search.trial import Trial, TrialRun, trial_config, write_trial_config
from rl_pipeline.search.trimming import trim
from rl_pipeline.tracking.csv_file import MINUTES

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
MAX_FRUITLESS_STARTS = 5
"""A run that was ended from outside so often without a newer checkpoint, e.g. for lack of memory, has failed."""
TAIL_LINES = 15
MIN_FREE = 2**20
"""Bytes without which a run that fails is taken to fail for want of room: its log may not say so any more."""
DISK_FULL = tuple(os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT))


class SweepDriver:
    """Drives one sweep; call it with the lock of its folder.

    Args:
        folder: The sweep's folder.
        config: Its configuration.
        search: What its trials are made from.
        launcher: Runs the trainings.
        control: What is asked of the driver.
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
        """Trials under way."""
        self._trimmed: set[int] = set()

    def run(self) -> None:
        """Search until all trials are done or somebody asks to stop.

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
        except KeyboardInterrupt:
            for job in self._jobs():
                self.launcher.stop(job, at_once=True)
            raise

    def stop_left_jobs(self) -> int:
        """Have the jobs that an earlier driver left save and stop; return how many they were."""
        self._take_up()
        count = sum(1 for _ in self._jobs())
        self._stop_jobs()
        return count

    def retry_failed(self) -> int:
        """Have the trials that failed carried out again, from their checkpoints; return how many."""
        failed = self.study.trials(TrialState.FAIL)
        again = {trial.user_attrs.get("retry_of") for trial in self.study.trials()}
        chosen = [trial for trial in failed if trial.number not in again]
        for frozen in chosen:
            trial = self.study.take_up(frozen)
            for run in trial.runs:
                if run.status != "finished":
                    run.status, run.job, run.fruitless_starts = "waiting", None, 0
            attributes = {"name": trial.name, "runs": trial.plain_runs(), "retry_of": frozen.number}
            self.study.enqueue(trial.parameters, **attributes)
        return len(chosen)

    def _take_up(self) -> None:
        """Find the trials and jobs that an earlier driver left."""
        for frozen in self.study.trials(TrialState.RUNNING):
            self._begin(self.study.take_up(frozen))

    def _advance(self) -> bool:
        """Do all that can be done now; return whether there is more to do later."""
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
        """Start runs while there is room for them, those of trials that are under way first."""
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
                if run.status == "waiting" and not self._is_trained_elsewhere(run):
                    yield trial, run

    def _begin(self, trial: Trial) -> None:
        """Take up a trial; one whose values do not fit the experiment fails."""
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
        run.count_start(self.folder.path)
        if run.fruitless_starts > MAX_FRUITLESS_STARTS:
            count = f"{MAX_FRUITLESS_STARTS} times in succession without a newer checkpoint"
            self._fail(trial, f"{run.folder} was ended from outside {count}\n{self._tail(trial, run)}")
            return
        path = self.folder.path
        command = [
            sys.executable,
            "-m",
            "rl_pipeline",
            "train",
            "--config",
            f"{path / trial.name / 'trial.yaml'}",
        ]
        command += ["--resume", "auto", "--folder", f"{path / run.folder}", f"experiment.seed={run.seed}"]
        name = f"{self.sweep.name}_{trial.number}_seed_{run.seed}"
        run.job = self.launcher.submit(Work(name, tuple(command), path / trial.log(run)))
        run.status = "running"
        self.study.save(trial)

    def _poll(self, trial: Trial) -> None:
        """Follow the runs of a trial, and end it when they have ended."""
        for run in trial.runs:
            if trial.ending is None and run.status == "running" and run.job is not None:
                self._follow(trial, run, run.job)
        if trial.ending is not None:
            self._see_off(trial)
        elif all(run.status == "finished" for run in trial.runs):
            self._complete(trial)
        elif self.sweep.pruner != "none" and self.study.report(trial, self._evaluations(trial)):
            self._end(trial, "PRUNED")

    def _follow(self, trial: Trial, run: TrialRun, job: str) -> None:
        state = self.launcher.state(job)
        if state in ("queued", "running"):
            return
        run.job = None
        if run.is_finished(self.folder.path):
            self._note_result(trial, run)
        elif state == "failed" and not self._is_trained_elsewhere(run):
            run.status = "failed"
            self._fail(trial, self._tail(trial, run))
        else:
            run.status = "waiting"
            self.study.save(trial)

    def _note_result(self, trial: Trial, run: TrialRun) -> None:
        data = self._data(trial, run)
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
            values = values_of_trial(self.sweep.objectives, [self._data(trial, run) for run in trial.runs])
        except NoValueError as error:
            self._fail(trial, str(error))
            return
        self._tell(trial, TrialState.COMPLETE, values)

    def _fail(self, trial: Trial, error: str) -> None:
        """End a trial by an error of its own, unless it is the disk's.

        Raises:
            CommandFailedError: The disk is full, so that the next trials would fail as well.
        """
        free = shutil.disk_usage(self.folder.path).free
        if free < MIN_FREE or any(text in error for text in DISK_FULL):
            for run in trial.runs:
                run.status = "waiting" if run.status == "failed" else run.status
            self._stop_jobs()
            raise CommandFailedError(
                f"the disk of {shown(self.folder.path)} is full ({free:,} bytes free); make room, then resume with: "
                f"rl-pipeline sweep --resume {shown(self.folder.path)}"
            )
        trial.error = error
        self._end(trial, "FAIL")

    def _end(self, trial: Trial, ending: str) -> None:
        """Have a trial end before its runs have."""
        trial.ending = ending
        for run in trial.runs:
            run.status = "stopped" if run.status == "waiting" else run.status
        self.study.save(trial)

    def _see_off(self, trial: Trial) -> None:
        """Stop the jobs of a trial that is to end, and end it once they have ended."""
        for run in trial.runs:
            if run.job is not None and self.launcher.state(run.job) in ("queued", "running"):
                self.launcher.stop(run.job)
                return
            run.job = None
            run.status = "stopped" if run.status == "running" else run.status
        self._tell(trial, TrialState[trial.ending or "FAIL"])

    def _tell(self, trial: Trial, state: TrialState, values: list[float] | None = None) -> None:
        self.trials.remove(trial)
        self.study.tell(trial, state, values)
        self._print_end(trial, state, values)
        self._trim()

    def _trim(self) -> None:
        """Free the disk of what the trials that are not among the best need no more."""
        if self.sweep.keep is None:
            return
        best = self.study.best()
        kept = {one.number for one in (best if len(self.sweep.objectives) > 1 else best[: self.sweep.keep])}
        for frozen in self.study.trials(TrialState.COMPLETE, TrialState.PRUNED):
            if frozen.number in kept | self._trimmed:
                continue
            for run in self.study.take_up(frozen).runs:
                trim(RunFolder(self.folder.path / run.folder))
            self._trimmed.add(frozen.number)

    def _stop_jobs(self) -> None:
        """Have all jobs save and stop, and wait until they have; what they finished meanwhile counts."""
        while jobs := list(self._jobs()):
            for job in jobs:
                self.launcher.stop(job)
            time.sleep(POLL_SECONDS)
            for trial in list(self.trials):
                self._poll(trial)

    def _jobs(self) -> Iterator[str]:
        for trial in self.trials:
            yield from (run.job for run in trial.runs if run.job is not None)

    def _evaluations(self, trial: Trial) -> list[float]:
        started = [run for run in trial.runs if run.status != "waiting" or run.fruitless_starts]
        return intermediate_values(self.sweep.objectives[0], [self._data(trial, run) for run in started])

    def _data(self, trial: Trial, run: TrialRun) -> RunData:
        return read_run(self.folder.path / run.folder, run.seed, trial.parameters)

    def _is_trained_elsewhere(self, run: TrialRun) -> bool:
        """Tell whether a process that is not ours trains a run, such as one that a user resumed."""
        folder = RunFolder(self.folder.path / run.folder)
        if not folder.path.exists():
            return False
        try:
            with folder.locked():
                return False
        except RunBusyError:
            return True

    def _tail(self, trial: Trial, run: TrialRun) -> str:
        """Return the last lines that a run printed."""
        try:
            with (self.folder.path / trial.log(run)).open(errors="replace") as log:
                return "".join(deque(log, TAIL_LINES)).strip()
        except OSError as error:
            return f"its log cannot be read: {error}"

    def _print_end(self, trial: Trial, state: TrialState, values: list[float] | None) -> None:
        if state == TrialState.COMPLETE:
            best = self.study.best()[0]
            text = ", ".join(f"{value:.6g}" for value in values or ())
            print(f"{trial.title}: {text}; best so far: trial {best.number}", flush=True)
        elif state == TrialState.PRUNED:
            print(f"{trial.title}: pruned", flush=True)
        else:
            print(f"{trial.title}: failed\n{trial.error}", flush=True)
