"""A project in an empty folder, with the wheel in an environment of its own and no clone beside it."""

import json
import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.documentation import DOCS, ROOT, commands

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]  # on a busy machine, too

SHORT = (
    "training.training.total_timesteps=1024",
    "training.training.eval.num_evals=1",
    "evaluation.num_episodes=1",
)


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel; what the wheel depends on is read from this environment."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (packages / "dependencies.pth").write_text(
        sysconfig.get_path("purelib")
    )  # its own .pth files do not count
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", folder / "bin" / "python"]
    install = ["install", "--no-deps", "--no-index", wheel]
    subprocess.run([*pip, *install], check=True, capture_output=True, timeout=300)
    return folder / "bin"


def run(programs: Path, folder: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run(
        [programs / "rl-pipeline", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Traceback" not in result.stderr, result.stderr
    return result.stdout


def test_nothing_of_the_clone_is_used(programs: Path, tmp_path: Path) -> None:
    code = "import rl_pipeline, rl_pipeline.config.loading as l; print(rl_pipeline.__file__, l.DEFAULT_FILE)"
    command = [programs / "python", "-I", "-c", code]
    file, default = subprocess.run(
        command, cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout.split()
    assert Path(file).is_relative_to(programs.parent)
    assert not Path(file).is_relative_to(ROOT)
    assert default == "None"


@pytest.mark.parametrize(
    ("kind", "name"),
    [("experiment", "pendulum"), ("environment", "cart"), ("network", "gated")],
)
def test_a_project_is_trained_evaluated_and_played(
    programs: Path, tmp_path: Path, kind: str, name: str
) -> None:
    run(programs, tmp_path, "init", kind, "--name", name)
    run(programs, tmp_path, "train", "--config", f"configs/{name}.yaml", *SHORT)
    run(programs, tmp_path, "eval", name, "--episodes", "1")
    run(programs, tmp_path, "play", name, "--video", f"{name}.mp4")
    assert (tmp_path / f"{name}.mp4").stat().st_size > 1000


def test_the_robot_of_the_guide_learns_to_balance_and_drive(programs: Path, tmp_path: Path) -> None:
    build, *lines = commands(DOCS / "own_project.md")
    assert build == "pip wheel --no-deps --wheel-dir dist ."  # what the fixture `wheel` does
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "rl-pipeline"
        run(programs, tmp_path, *arguments)
    [report] = tmp_path.rglob("eval.json")
    assert json.loads(report.read_text())["mean_reward"] > 400
    assert (tmp_path / "rover.mp4").stat().st_size > 1000


def test_the_tasks_motions_and_models_of_the_package_are_in_the_wheel(programs: Path, tmp_path: Path) -> None:
    run(programs, tmp_path, "init")
    for task in ("Balancer-v0", "MotionImitation-v0", "FetchReach-v4", "FlatPJCube-v0", "SeaClear-v0"):
        overrides = (f"environment.id={task}", "environment.backend=mujoco")
        run(programs, tmp_path, "config", "configs/pendulum.yaml", *overrides)
    assert "schema.json" in run(programs, tmp_path, "schema")
    run(programs, tmp_path, "list", "envs")
