"""The guide to a robot of one's own to the letter, then the run alone: sources gone, folder moved, another place."""

import contextlib
import json
import shutil
from pathlib import Path

import pytest

from rl_pipeline.envs.mujoco import robots
from rl_pipeline.run.folder import find_runs
from tests.documentation import DOCS, blocks, commands, rl_pipeline, run

pytestmark = pytest.mark.timeout(900)  # several commands in one test

PAGE = DOCS / "own_robot.md"
SHORT = [
    "environment.n_environments=4",
    "training.algorithm_parameters.n_steps=64",
    "training.training.total_timesteps=256",
    "training.training.eval.num_evals=1",
    "training.training.eval.num_episodes=1",
    "training.engine=stock",
    "training.tensorboard=false",
    "evaluation.num_episodes=1",
]


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with nothing but the run, after the guide has been followed elsewhere."""
    reader, elsewhere = tmp_path_factory.mktemp("my robots"), tmp_path_factory.mktemp("elsewhere")
    shutil.copy(Path(robots.__file__).with_name("balancer.xml"), reader)
    (reader / "balancer.py").write_text(blocks(PAGE, "python")[0])
    (reader / "balancer.yaml").write_text(blocks(PAGE, "yaml")[0])
    with contextlib.chdir(reader):
        rl_pipeline(commands(PAGE)[0], *SHORT)
    folder = find_runs(reader / "experiments")[0].path
    place = elsewhere / "experiments" / "moved" / "ppo" / folder.name
    shutil.move(folder, place)
    shutil.rmtree(reader)
    return elsewhere


def test_the_run_holds_the_robot(learnt: Path) -> None:
    [code] = learnt.glob("experiments/*/*/*/code")
    assert sorted(file.name for file in code.rglob("*")) == ["balancer.py", "balancer.xml"]
    [config] = learnt.glob("experiments/*/*/*/config.yaml")
    assert "id: code/balancer.py:Balancer" in config.read_text()


def test_another_process_evaluates_it(learnt: Path) -> None:
    result = run(commands(PAGE)[1], learnt)
    assert result.returncode == 0, result.stdout + result.stderr


def test_it_is_filmed_and_trained_on(learnt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(learnt)
    play, record, resume = commands(PAGE)[2:]
    rl_pipeline(play)
    assert (learnt / "balancer.mp4").stat().st_size > 1000
    rl_pipeline(record)
    rl_pipeline(resume.replace("=212_992", "=512"))
    [metadata] = learnt.glob("experiments/*/*/*/run.json")
    assert json.loads(metadata.read_text())["timestep"] == 512
