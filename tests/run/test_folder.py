import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rl_pipeline.config.loading import dump_config
from rl_pipeline.errors import RefusedError
from rl_pipeline.run.folder import (
    RunBusyError,
    RunFolder,
    create_run_folder,
    experiment_parent,
    find_runs,
    folder_name,
)
from rl_pipeline.run.plan import AlreadyFinishedError, Plan, plan_auto, plan_new
from rl_pipeline.run.train import run_plan

from .conftest import MakeConfig


@pytest.mark.parametrize(
    ("environment_id", "name"),
    [
        ("CartPole-v1", "CartPole-v1"),
        ("ALE/Pong-v5", "ALE_Pong-v5"),
        ("tasks/tank.py:Tank", "tasks_tank_Tank"),
        ("code/tank.py:Tank", "tank_Tank"),
        ("package.tank:Tank", "package.tank_Tank"),
        ("../../etc", "etc"),
        ("/", "environment"),
    ],
)
def test_any_environment_gives_the_name_of_one_folder(environment_id: str, name: str) -> None:
    assert folder_name(environment_id) == name


def test_two_runs_of_the_same_second_get_different_folders(make_config: MakeConfig) -> None:
    config = make_config()
    runs = [create_run_folder(config) for _ in range(3)]
    assert len({run.path for run in runs}) == 3
    for run in runs:
        assert run.path.parent == experiment_parent(config)
        assert run.experiment_name == "tiny"
        assert run.checkpoints.is_dir()


def test_runs_are_found_oldest_first_whatever_they_are_called(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    paths = []
    for name in ("b", "a", "c"):
        run = create_run_folder(make_config("CartPole-v1", "ppo", f"experiment.name={name}"))
        run.config.touch()
        paths.append(run.path)
    create_run_folder(make_config())  # not a run yet
    assert [run.path for run in find_runs(tmp_path / "experiments")] == paths
    assert find_runs(tmp_path / "missing") == []


HOLD = """
import sys
from pathlib import Path
from rl_pipeline.run.folder import RunFolder
with RunFolder(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_locked_for_other_processes_until_its_process_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        busy = pytest.raises(RunBusyError, match="being trained by another process")
        with busy, RunFolder(tmp_path).locked():
            pass
        process.kill()
    with RunFolder(tmp_path).locked():
        pass


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", flock)
    with (
        pytest.raises(
            OSError, match=r"cannot be locked on its file system .*Function not implemented.*Lustre"
        ),
        RunFolder(tmp_path).locked(),
    ):
        pass


def test_a_run_may_have_a_folder_of_its_own(
    make_config: MakeConfig, tmp_path: Path, without_pictures: None
) -> None:
    config = make_config("CartPole-v1", "a2c", "training.training.total_timesteps=20")
    file, target = tmp_path / "experiment.yaml", tmp_path / "trial/run"
    file.write_text(dump_config(config))
    target.mkdir(parents=True)
    (target / ".lock").touch()  # what a start leaves that was killed before there was a run
    (target / "progress.csv").write_text("timestep,eval/mean_reward\n0,99.0\n")
    run = run_plan(plan_auto(file, target=target))[0]
    assert run.path == target
    assert "99.0" not in (target / "progress.csv").read_text()
    with pytest.raises(AlreadyFinishedError):
        plan_auto(file, target=target)
    with pytest.raises(RefusedError, match="already contains a run"):
        plan_new(file, target=target)


def test_a_folder_with_other_things_is_not_taken(make_config: MakeConfig, tmp_path: Path) -> None:
    file = tmp_path / "experiment.yaml"
    file.write_text(dump_config(make_config()))
    with pytest.raises(RefusedError, match="is not empty"):
        plan_auto(file, target=tmp_path)


def test_the_set_up_of_another_process_is_left_alone(make_config: MakeConfig, tmp_path: Path) -> None:
    target = tmp_path / "run"
    run = create_run_folder(make_config(), target)
    with run.locked(), pytest.raises(RunBusyError):
        run_plan(Plan(make_config(), target=target))
    assert run.checkpoints.is_dir()
