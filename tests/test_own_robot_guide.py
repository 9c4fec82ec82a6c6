"""The guide to a robot of one's own to the letter, then the run alone: sources gone, folder moved, another place."""

import json
import shutil
from pathlib import Path

import pytest

from rl_pipeline.envs.mujoco import robots
from tests.documentation import DOCS, blocks, commands, run

PAGE = DOCS / "own_robot.md"
SHORT = "training.training.total_timesteps=16384 evaluation.num_episodes=2"


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with nothing but the run, after the guide has been followed elsewhere."""
    reader, elsewhere = tmp_path_factory.mktemp("my robots"), tmp_path_factory.mktemp("elsewhere")
    shutil.copy(Path(robots.__file__).with_name("balancer.xml"), reader)
    (reader / "balancer.py").write_text(blocks(PAGE, "python")[0])
    (reader / "balancer.yaml").write_text(blocks(PAGE, "yaml")[0])
    train, *_ = commands(PAGE)
    result = run(f"{train} {SHORT}", reader)
    assert result.returncode == 0, result.stdout + result.stderr
    [folder] = (reader / "experiments").glob("*/*/*")
    place = elsewhere / "experiments" / "moved" / "ppo" / folder.name
    shutil.move(folder, place)
    shutil.rmtree(reader)
    return elsewhere


def test_the_run_holds_the_robot(learnt: Path) -> None:
    [code] = learnt.glob("experiments/*/*/*/code")
    assert sorted(file.name for file in code.rglob("*")) == ["balancer.py", "balancer.xml"]
    [config] = learnt.glob("experiments/*/*/*/config.yaml")
    assert "id: code/balancer.py:Balancer" in config.read_text()


@pytest.mark.parametrize("index", range(1, 5))
def test_every_further_command_needs_the_run_alone(learnt: Path, index: int) -> None:
    command = commands(PAGE)[index].replace("=212_992", "=32768")
    result = run(command, learnt)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_the_films_and_the_longer_training_are_there(learnt: Path) -> None:
    assert len(commands(PAGE)) == 5
    assert (learnt / "balancer.mp4").stat().st_size > 1000
    [metadata] = learnt.glob("experiments/*/*/*/run.json")
    assert json.loads(metadata.read_text())["timestep"] == 32768
