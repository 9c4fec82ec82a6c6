import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from rl_pipeline.config.cluster import load_cluster
from rl_pipeline.run.folder import RunFolder, find_runs
from rl_pipeline.run.plan import plan_new
from rl_pipeline.run.train import run_plan
from rl_pipeline.search.driver import SweepDriver
from rl_pipeline.search.folder import find_sweep
from rl_pipeline.search.job_record import read_record
from rl_pipeline.tracking.csv_file import read_series
from tests.search.sweeps import GAMMA, LEARNING_RATE, InstantLauncher

from .conftest import Command

PATIENCE = 300.0


def write_sweep(**section: object) -> None:
    Path("sweep.yaml").write_text(yaml.safe_dump({"sweep": {"experiment": "tiny.yaml", **section}}))


def wait_for(condition: Callable[[], object], process: "subprocess.Popen[Any]") -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def returns(run: RunFolder) -> list[float]:
    return list(read_series(run.path / "progress.csv")["eval/mean_reward"].values)


@pytest.fixture
def without_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make sweeps without carrying them out."""
    monkeypatch.setattr(SweepDriver, "run", lambda driver: None)


LONG = (
    "training.training.total_timesteps=3000",
    "training.training.eval.num_evals=4",
    "training.checkpoint.num_checkpoints=15",
    "training.architecture.net_arch=[8]",
)


def test_a_sweep_that_is_killed_with_its_runs_resumes_exactly(command: Command) -> None:
    """The whole of it with real trainings: every combination, kill -9, resume, and what can be done with a trial."""
    lists = ("training.algorithm_parameters.learning_rate=1e-3,1e-2", "experiment.seed=4")
    words = ["sweep", "--config", "sweep.yaml", *lists, *LONG]
    write_sweep(name="killed", workers=2)
    driver = subprocess.Popen([sys.executable, "-m", "rl_pipeline", *words], stdout=subprocess.DEVNULL)
    wait_for(lambda: len(list(Path("experiments/killed").glob("trial_*/*/checkpoints/step_*"))) >= 4, driver)
    busy = command("sweep", "--resume", "killed")
    assert busy.status == 2
    assert "already has a driver" in busy.error
    driver.kill()
    driver.wait()
    pids = [read_record(path).pid for path in Path("experiments/killed").glob("trial_*/*.job")]
    for process in [psutil.Process(pid) for pid in pids if pid and psutil.pid_exists(pid)]:
        process.kill()
    running = command("sweep", "status", "killed")
    assert "of 2 trials; no driver is running" in running.output
    assert "trial 0 (learning_rate=0.001): running: seed 4" in running.output
    outcome = command("sweep", "--resume", "auto")
    assert outcome.status == 0, outcome.error
    assert "done: 2 finished" in outcome.output
    runs = find_runs(Path("experiments"))
    assert {run.name for run in runs} == {"killed_0_seed_4", "killed_1_seed_4"}
    folder = find_sweep("killed")
    best = next(run for run in runs if (run.checkpoints / "final/state.npz").exists())
    trimmed = next(run for run in runs if run.path.parent != best.path.parent)
    assert sorted(path.name for path in trimmed.checkpoints.iterdir()) in (["best", "final"], ["final"])
    for run in (best, trimmed):
        config = run.path.parent / "trial.yaml"
        alone = run_plan(plan_new(config, ["experiment.seed=4"], target=Path("alone", run.name)))[0]
        assert returns(run) == returns(alone)
    assert command("eval", trimmed.name).status == 0
    longer = command("train", "--resume", best.name, "training.training.total_timesteps=3100")
    assert longer.status == 0
    assert "done: 2 finished" in command("sweep", "--resume", str(folder.path)).output


def test_a_list_of_values_in_brackets_is_one_value(command: Command, without_search: None) -> None:
    words = ["training.architecture.net_arch=[64,64]", "training.algorithm_parameters.gamma=0.9,0.99"]
    assert "2 trials by grid" in command("sweep", "--config", "tiny.yaml", *words).output
    folder = find_sweep("auto")
    assert folder.name.startswith("tiny_")
    config = folder.load()
    assert config.training.architecture.net_arch == [64, 64]
    words[0] = "training.architecture.net_arch=[64,64],[8]"
    write_sweep(name="four")
    assert "4 trials by grid" in command("sweep", "--config", "sweep.yaml", *words).output


def test_a_sweep_is_not_started_over_another_one(command: Command, without_search: None) -> None:
    write_sweep(name="once", space={"training.algorithm_parameters.gamma": [0.9]})
    assert command("sweep", "--config", "sweep.yaml").status == 0
    again = command("sweep", "--config", "sweep.yaml")
    assert again.status == 2
    assert "resume it with --resume experiments/once" in again.error


@pytest.mark.parametrize(
    ("section", "place", "message"),
    [
        ({"pruner": "medain"}, "sweep.yaml:3", "did you mean: median"),
        ({"space": {"training.algorithm_parameters.gama": [0.9]}}, "sweep.yaml:4", "did you mean: gamma"),
        ({"space": {"training.training.evil": [0.9]}}, "sweep.yaml:4", "unknown key"),
        (
            {"space": {"training.algorithm_parameters.gamma": {"low": 0.9}}},
            "sweep.yaml:4",
            "high: is missing",
        ),
        ({"objective": {"metric": "none.py:f"}}, "sweep.yaml:4", "does not exist"),
        ({"sampler": "tpee"}, "sweep.yaml:3", "did you mean: tpe"),
        ({"sampler": "tpe"}, "sweep.yaml:1", "sweep.trials: is missing"),
        ({"pruner": "median", "pruner_options": {"warmup": 1}}, "sweep.yaml", "does not have this option"),
        ({"space": {"experiment.seed": [1, 2]}}, "sweep.yaml", "list the seeds in `sweep.seeds`"),
        ({"experiment": "tyni.yaml"}, "sweep.yaml:2", "did you mean: tiny.yaml"),
    ],
)
def test_mistakes_are_refused_with_their_place(
    command: Command, section: dict[str, Any], place: str, message: str
) -> None:
    space = {"space": {"training.algorithm_parameters.gamma": [0.9]}}
    Path("sweep.yaml").write_text(
        yaml.safe_dump({"sweep": {"experiment": "tiny.yaml", **space, **section}}, sort_keys=False)
    )
    if "space" not in section:
        text = yaml.safe_dump({"sweep": {"experiment": "tiny.yaml", **section, **space}}, sort_keys=False)
        Path("sweep.yaml").write_text(text)
    outcome = command("sweep", "--config", "sweep.yaml")
    assert outcome.status == 2
    assert place in outcome.error
    assert message in outcome.error
    assert not Path("experiments").exists()


def test_a_value_that_the_algorithm_does_not_take_is_refused(command: Command) -> None:
    outcome = command("sweep", "--config", "tiny.yaml", "training.algorithm_parameters.gama=0.9,0.99")
    assert outcome.status == 2
    assert "command line: sweep.space.training.algorithm_parameters.gama" in outcome.error


def test_what_a_resumed_sweep_may_change(command: Command, without_search: None) -> None:
    write_sweep(name="one", space={"training.algorithm_parameters.gamma": [0.9, 0.99]})
    command("sweep", "--config", "sweep.yaml")
    assert "3 runs at a time" in command("sweep", "--resume", "one", "sweep.workers=3").output
    refused = command("sweep", "--resume", "one", "sweep.seed=3")
    assert refused.status == 2
    assert "cannot change when a sweep is resumed" in refused.error


def test_a_trial_is_enqueued_by_its_values(command: Command, without_search: None) -> None:
    write_sweep(
        name="one", space={"training.algorithm_parameters.gamma": {"low": 0.9, "high": 0.99}}, trials=2
    )
    command("sweep", "--config", "sweep.yaml")
    outcome = command("sweep", "enqueue", "one", "training.algorithm_parameters.gamma=0.95")
    assert "enqueued; resume the sweep" in outcome.output
    (request,) = find_sweep("one").asked("enqueue")
    assert request.read_text() == '{"training.algorithm_parameters.gamma": 0.95}'
    wrong = command("sweep", "enqueue", "one", "training.algorithm_parameters.gamma=0.5", "gamma=0.9")
    assert wrong.status == 2
    assert "does not belong to the space" in wrong.error
    assert "is not searched by this sweep" in wrong.error


def test_a_sweep_without_a_driver_is_stopped(command: Command, without_search: None) -> None:
    write_sweep(name="one", space={"training.algorithm_parameters.gamma": [0.9]})
    command("sweep", "--config", "sweep.yaml")
    assert "0 runs that it had left were stopped" in command("sweep", "stop", "one").output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sweep"], "name a YAML file with --config, or a sweep with --resume"),
        (["sweep", "status"], "name a sweep"),
        (["sweep", "status", "nothing"], "no sweep 'nothing'"),
        (["sweep", "--config", "tiny.yaml"], "the command line contains no list of values"),
        (["sweep", "--config", "tiny.yaml", "--resume", "auto"], "leave out --config"),
        (["train", "--config", "tiny.yaml", "--folder", "."], "is not empty"),
        (["train", "--resume", "x", "--folder", "y"], "write --resume auto"),
    ],
)
def test_commands_that_are_refused(command: Command, words: list[str], message: str) -> None:
    outcome = command(*words)
    assert outcome.status == 2
    assert message in outcome.error


def test_a_training_passes_over_the_section(command: Command) -> None:
    write_sweep(space={"training.algorithm_parameters.gamma": [0.9]})
    assert command("train", "--config", "sweep.yaml", "--folder", "here/my_run").status == 0
    run = RunFolder(Path("here/my_run"))
    assert "sweep" not in yaml.safe_load(run.config.read_text())
    again = command("train", "--config", "sweep.yaml", "--folder", "here/my_run")
    assert "already contains a run" in again.error
    assert (
        "has finished its"
        in command("train", "--config", "sweep.yaml", "--resume", "auto", "--folder", "here/my_run").output
    )


def test_ctrl_c_stops_a_sweep_and_its_runs(command: Command) -> None:
    write_sweep(name="stopped", workers=1, space={"training.algorithm_parameters.gamma": [0.9, 0.99]})
    words = ["sweep", "--config", "sweep.yaml", *LONG, "training.training.total_timesteps=1000000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "rl_pipeline", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    folder = Path("experiments/stopped")
    wait_for(lambda: list(folder.glob("trial_*/*/progress.csv")), process)
    os.kill(process.pid, signal.SIGINT)
    output, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, error
    assert "SIGINT: stopping all trainings, which save first" in error
    assert "stopped (SIGINT): 1 running" in output
    assert "rl-pipeline sweep --resume experiments/stopped" in output
    (record,) = map(read_record, folder.glob("trial_*/*.job"))
    assert record.exit_status == 0
    assert list(folder.glob("trial_0_*/*/checkpoints/step_*"))


def test_users_files_are_kept_in_the_sweep(command: Command, without_search: None) -> None:
    Path("mine.py").write_text("def best(runs):\n    return max(run.seed for run in runs)\n")
    objective = {"metric": "mine.py:best"}
    write_sweep(name="own", objective=objective, space={"training.algorithm_parameters.gamma": [0.9]})
    outcome = command("sweep", "--config", "sweep.yaml")
    assert outcome.status == 0, outcome.error
    Path("mine.py").unlink()
    folder = find_sweep("own")
    assert (folder.path / "code/mine.py").is_file()
    assert "code/mine.py:best" in folder.config.read_text()
    assert str(folder.path) not in folder.config.read_text()
    assert command("sweep", "--resume", "own").status == 0


def test_a_sweep_of_which_every_trial_failed_has_failed(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl_pipeline.search.launchers.LocalLauncher", lambda root, n: InstantLauncher())
    space = {LEARNING_RATE: [0.01], GAMMA: [0.5]}
    write_sweep(name="bad", space=space)
    outcome = command("sweep", "--config", "sweep.yaml")
    assert outcome.status == 1
    assert "done: 1 failed" in outcome.output
    assert "rl-pipeline sweep --resume experiments/bad --retry-failed" in outcome.output
    assert "trial 0 (gamma=0.5, learning_rate=0.01): failed" in command("sweep", "status", "bad").output


def test_a_sweep_keeps_the_profile_of_its_cluster(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rl_pipeline.search.slurm.require_slurm", lambda: None)
    monkeypatch.setattr(SweepDriver, "run", lambda driver: None)
    write_sweep(name="far", space={GAMMA: [0.9]})
    Path("here.yaml").write_text(yaml.safe_dump({"cluster": {"partition": "debug", "parallel": 3}}))
    unknown = command("sweep", "--config", "sweep.yaml", "--cluster", "nothing")
    assert unknown.status == 2
    assert "the profile does not exist" in unknown.error
    assert not Path("experiments").exists()
    command("sweep", "--config", "sweep.yaml", "--cluster", "here.yaml", "sweep.workers=1")
    profile = load_cluster(str(find_sweep("far").cluster))
    assert (profile.partition, profile.parallel) == ("debug", 3)
