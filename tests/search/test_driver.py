import itertools
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from optuna.storages import JournalStorage
from optuna.trial import TrialState

from rl_pipeline.errors import CommandFailedError
from rl_pipeline.run.control import TrainingControl
from rl_pipeline.search import driver as driver_module
from rl_pipeline.search.driver import SweepDriver
from rl_pipeline.search.folder import SweepFolder
from rl_pipeline.search.job_record import read_record
from tests.small_disk import mounted

from .sweeps import (
    GAMMA,
    LEARNING_RATE,
    InstantLauncher,
    QuickLauncher,
    carry_out,
    make_driver,
    make_sweep,
    meanwhile,
    outcomes,
)

PATIENCE = 300.0
GRID = {LEARNING_RATE: [0.001, 0.002, 0.003]}
RANDOM = {LEARNING_RATE: {"low": 1e-4, "high": 1e-1, "log": True}, GAMMA: {"low": 0.9, "high": 0.99}}


@pytest.fixture(autouse=True)
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "POLL_SECONDS", 0.02)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each step of a stand-in take some time, so that it can be interrupted."""
    monkeypatch.setenv("QUICK_PAUSE", "0.1")


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def checkpoints(folder: SweepFolder) -> list[Path]:
    return sorted(folder.path.glob("trial_*/*/checkpoints/step_*"))


def processes(folder: SweepFolder) -> list[psutil.Process]:
    """List the trainings that run."""
    records = map(read_record, folder.path.glob("trial_*/*.job"))
    pids = [record.pid for record in records if record.pid is not None and record.exit_status is None]
    return [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]


def test_a_grid_is_searched_by_two_workers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_sweep(tmp_path, space=GRID, seeds=[3, 5], workers=2)
    trials = carry_out(folder)
    assert [trial.params[LEARNING_RATE] for trial in trials] == [0.001, 0.002, 0.003]
    assert [trial.value for trial in trials] == [14.0, 24.0, 34.0]
    runs = trials[2].user_attrs["runs"]
    assert [(run["seed"], run["values"], run["status"], run["minutes"]) for run in runs] == [
        (3, [33.0], "finished", 10.0),
        (5, [35.0], "finished", 10.0),
    ]
    assert trials[2].user_attrs["name"] == "trial_2_learning_rate=0.003"
    assert runs[0]["folder"] == "trial_2_learning_rate=0.003/quick_2_seed_3"
    assert "trial 2 (learning_rate=0.003): 34; best so far: trial 2" in capsys.readouterr().out


class KilledError(BaseException):
    """Ends a driver as a kill does: at a place that it does not expect."""


@pytest.fixture
def kill_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int | None], None]]:
    """Have the driver die in place of its n-th write to the storage."""
    countdown: list[int | None] = [None]
    names = ("create_new_trial", "set_trial_param", "set_trial_user_attr", "set_trial_state_values")

    def dying(write: Callable[..., Any]) -> Callable[..., Any]:
        def write_or_die(self: JournalStorage, *arguments: Any, **named: Any) -> Any:
            if countdown[0] is not None:
                countdown[0] -= 1
                if countdown[0] < 0:
                    countdown[0] = None
                    raise KilledError
            return write(self, *arguments, **named)

        return write_or_die

    for name in names:
        monkeypatch.setattr(JournalStorage, name, dying(getattr(JournalStorage, name)))

    def set_countdown(count: int | None) -> None:
        countdown[0] = count

    yield set_countdown
    countdown[0] = None


@pytest.mark.parametrize("sampling", [{"space": GRID}, {"space": RANDOM, "sampler": "random", "trials": 3}])
def test_a_driver_that_is_killed_at_any_write_counts_every_trial_once(
    tmp_path: Path, kill_at: Callable[[int | None], None], sampling: dict[str, Any]
) -> None:
    undisturbed = make_sweep(tmp_path / "undisturbed", seeds=2, **sampling)
    expected = outcomes(carry_out(undisturbed, InstantLauncher()))
    for count in (0, 7):
        folder = make_sweep(tmp_path / str(count), seeds=2, **sampling)
        launcher = InstantLauncher()
        for further in itertools.count(count):
            kill_at(further)
            try:
                trials = carry_out(folder, launcher)
            except KilledError:
                continue
            break
        kill_at(None)
        assert outcomes(trials) == expected


def test_workers_that_are_killed_are_started_again(tmp_path: Path, slow: None) -> None:
    folder = make_sweep(tmp_path, space=GRID, workers=2)
    killed: list[int] = []

    def kill() -> None:
        for count in (2, 8):
            wait_for(lambda count=count: len(checkpoints(folder)) >= count and processes(folder))
            victim = processes(folder)[0]
            killed.append(victim.pid)
            victim.kill()

    thread = meanwhile(kill)
    trials = carry_out(folder)
    thread.join()
    assert len(killed) == 2
    assert [trial.value for trial in trials] == [10.0, 20.0, 30.0]
    logs = [path.read_text() for path in folder.path.glob("trial_*/*.log")]
    assert len(logs) == 3


def test_a_worker_that_gets_nowhere_fails_its_trial(tmp_path: Path) -> None:
    class Murderous(InstantLauncher):
        def submit(self, work: Any) -> str:
            job = f"job {len(self.submitted)}"
            self.submitted.append(job)
            self._states[job] = "stopped"
            return job

    (trial,) = carry_out(make_sweep(tmp_path, space={LEARNING_RATE: [0.1]}), Murderous())
    assert trial.state == TrialState.FAIL
    assert "ended from outside 5 times in succession" in trial.user_attrs["error"]


def test_jobs_that_a_killed_driver_left_are_found(tmp_path: Path, slow: None) -> None:
    folder = make_sweep(tmp_path, space=GRID, workers=2)
    driver = make_driver(folder)
    driver._advance()  # a driver that dies here leaves two jobs
    wait_for(lambda: len(processes(folder)) == 2)
    left = {process.pid for process in processes(folder)}
    del driver
    assert [trial.value for trial in carry_out(folder)] == [10.0, 20.0, 30.0]
    records = [read_record(path) for path in sorted(folder.path.glob("trial_*/*.job"))]
    assert {record.pid for record in records[:2]} == left
    assert [record.exit_status for record in records] == [0, 0, 0]


def test_a_failing_trial_is_recorded_and_repeated_only_when_asked_for(tmp_path: Path) -> None:
    space = {GAMMA: [0.5, 0.9], LEARNING_RATE: [0.001]}
    folder = make_sweep(tmp_path, space=space)
    failed, other = carry_out(folder)
    assert (failed.state, other.state) == (TrialState.FAIL, TrialState.COMPLETE)
    assert failed.user_attrs["error"] == "first line\nValueError: gamma is too small"
    assert len(carry_out(folder)) == 2
    driver = make_driver(folder)
    assert driver.study.retry_failed() == 1
    driver.run()  # from its checkpoint behind the failure
    again = driver.study.trials()[2]
    assert (again.state, again.value, again.params) == (TrialState.COMPLETE, 10.0, failed.params)
    assert again.user_attrs["name"] == failed.user_attrs["name"]
    assert driver.study.retry_failed() == 0


def test_values_that_fit_no_experiment_fail_their_trial(tmp_path: Path) -> None:
    space = {"training.training.eval.num_evals": [-1, 2], LEARNING_RATE: [0.001]}
    failed, other = carry_out(make_sweep(tmp_path, space=space), InstantLauncher())
    assert failed.state == TrialState.FAIL
    assert "training.training.eval.num_evals" in failed.user_attrs["error"]
    assert other.state == TrialState.COMPLETE


def test_a_bad_trial_is_pruned(tmp_path: Path, slow: None) -> None:
    options = {"n_startup_trials": 1, "n_warmup_steps": 2}
    space = {LEARNING_RATE: [0.003, 0.001]}
    folder = make_sweep(tmp_path, space=space, pruner="median", pruner_options=options)
    good, bad = carry_out(folder)
    assert (good.state, bad.state) == (TrialState.COMPLETE, TrialState.PRUNED)
    assert max(bad.intermediate_values) < 10
    assert bad.intermediate_values[1] == 1.0
    assert bad.user_attrs["runs"][0]["status"] == "stopped"
    assert len(list(folder.path.glob("trial_1_*/*/checkpoints/*"))) < 10


def test_hyperband_prunes_the_same_trials_however_often_its_driver_is_killed(tmp_path: Path) -> None:
    rates = [0.009, 0.004, 0.008, 0.001, 0.007, 0.003, 0.002, 0.006, 0.005]
    options = {"min_resource": 1, "max_resource": 10, "reduction_factor": 3}
    section = {"space": {LEARNING_RATE: rates}, "pruner": "hyperband", "pruner_options": options}
    trials = carry_out(make_sweep(tmp_path, **section), InstantLauncher())
    states = [trial.state for trial in trials]
    assert set(states) == {TrialState.COMPLETE, TrialState.PRUNED}
    assert max(trials, key=lambda trial: trial.params[LEARNING_RATE]).state == TrialState.COMPLETE

    folder, launcher = make_sweep(tmp_path / "killed", **section), InstantLauncher()
    while not (driver := make_driver(folder, launcher)).study.is_complete():
        driver._advance()  # and is gone
    assert outcomes(carry_out(folder, launcher)) == outcomes(trials)
    assert len(launcher.submitted) == len(rates)


def test_a_request_to_stop_saves_all_runs_and_they_resume(tmp_path: Path, slow: None) -> None:
    folder = make_sweep(tmp_path, space=GRID, workers=2)
    meanwhile(lambda: (wait_for(lambda: len(checkpoints(folder)) >= 4), folder.ask("stop")))
    trials = carry_out(folder)
    assert processes(folder) == []
    assert [trial.state for trial in trials] == [TrialState.RUNNING] * 2
    assert {run["status"] for trial in trials for run in trial.user_attrs["runs"]} == {"waiting"}
    assert [trial.value for trial in carry_out(folder)] == [10.0, 20.0, 30.0]


def test_a_second_ctrl_c_ends_all_runs_at_once(
    tmp_path: Path, slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_sweep(tmp_path, space=GRID, workers=2)

    def interrupt(control: TrainingControl, seconds: float) -> None:
        wait_for(lambda: len(checkpoints(folder)) >= 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(TrainingControl, "wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        carry_out(folder)
    wait_for(lambda: not processes(folder))
    monkeypatch.undo()
    assert [trial.value for trial in carry_out(folder)] == [10.0, 20.0, 30.0]


def test_a_folder_can_be_moved_between_two_drivers(tmp_path: Path, slow: None) -> None:
    folder = make_sweep(tmp_path / "here", space=GRID, workers=2)
    meanwhile(lambda: (wait_for(lambda: len(checkpoints(folder)) >= 4), folder.ask("stop")))
    carry_out(folder)
    shutil.copytree(folder.path, tmp_path / "there")
    shutil.rmtree(folder.path)
    moved = SweepFolder(tmp_path / "there")
    assert [trial.value for trial in carry_out(moved)] == [10.0, 20.0, 30.0]
    assert not folder.path.exists()


def test_a_trial_with_given_values_is_carried_out_in_addition(tmp_path: Path) -> None:
    folder = make_sweep(tmp_path, space={**GRID, GAMMA: [0.9, [1]]})
    folder.ask("enqueue", **{LEARNING_RATE: 0.002, GAMMA: [1]})
    trials = carry_out(folder, InstantLauncher())
    assert len(trials) == 7
    assert trials[0].params == {LEARNING_RATE: 0.002, GAMMA: "[1]"}
    assert len({json.dumps(trial.params) for trial in trials[1:]}) == 6


def test_several_objectives_make_a_pareto_front(tmp_path: Path) -> None:
    minutes = {"metric": "time/minutes", "direction": "minimize"}
    folder = make_sweep(tmp_path, space=GRID, objective=[{}, minutes])
    trials = carry_out(folder, InstantLauncher())
    assert [trial.values for trial in trials] == [[10.0, 10.0], [20.0, 10.0], [30.0, 10.0]]
    assert [trial.number for trial in make_driver(folder).study.best()] == [2]


def test_a_missing_metric_fails_the_trial_and_names_those_there_are(tmp_path: Path) -> None:
    folder = make_sweep(tmp_path, space={LEARNING_RATE: [0.1]}, objective={"metric": "eval/mean_rewards"})
    (trial,) = carry_out(folder, InstantLauncher())
    assert "did you mean eval/mean_reward" in trial.user_attrs["error"]


def test_a_full_disk_ends_the_sweep_and_not_the_trial(tmp_path: Path, slow: None) -> None:
    with mounted(tmp_path / "small", "3m") as small:
        folder = make_sweep(small, space={LEARNING_RATE: [0.001, 0.002]})

        def fill() -> None:
            wait_for(lambda: checkpoints(folder))
            free = shutil.disk_usage(small).free
            (small / "filler").write_bytes(bytes(free - 4096))
            wait_for(lambda: shutil.disk_usage(small).free < 2**20)

        thread = meanwhile(fill)
        with pytest.raises((CommandFailedError, OSError), match=r"disk of .* is full|No space left"):
            carry_out(folder)
        thread.join()
        wait_for(lambda: not processes(folder))
        (small / "filler").unlink()
        trials = carry_out(folder)
        assert [(trial.state, trial.value) for trial in trials] == [
            (TrialState.COMPLETE, 10.0),
            (TrialState.COMPLETE, 20.0),
        ]


def test_only_the_best_trials_keep_all_checkpoints(tmp_path: Path) -> None:
    folder = make_sweep(tmp_path, space=GRID, keep=1)
    carry_out(folder, InstantLauncher())
    counts = [len(list(run.glob("checkpoints/*"))) for run in sorted(folder.path.glob("trial_*/quick_*"))]
    assert counts == [1, 1, 10]
    last = (
        folder.path / "trial_0_learning_rate=0.001/quick_0_seed_0/checkpoints/step_000000010/checkpoint.json"
    )
    assert json.loads(last.read_text())["resumable"] is False


def test_signals_reach_the_driver_through_its_control(tmp_path: Path, slow: None) -> None:
    folder = make_sweep(tmp_path, space=GRID)
    driver: SweepDriver = make_driver(folder)
    meanwhile(lambda: (wait_for(lambda: checkpoints(folder)), os.kill(os.getpid(), signal.SIGINT)))
    with driver.control.listening():
        driver.run()
    assert driver.control.stop_reason == "SIGINT"
    assert processes(folder) == []
    assert isinstance(driver.launcher, QuickLauncher)
