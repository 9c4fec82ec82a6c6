"""The code of docs/own_robot.md, as a reader would use it."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from rl_pipeline.config.schema import Config
from rl_pipeline.envs.mujoco import robots
from tests.envs.mujoco.batches import make_batch, roll

ROBOTS = Path(robots.__file__).parent
CONFIGS = Path(__file__).parents[3] / "configs"
GUIDE = Path(__file__).parents[3] / "docs" / "own_robot.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)


def environments() -> list[dict[str, Any]]:
    return [yaml.safe_load(block)["environment"] for block in blocks("yaml")]


@pytest.fixture
def own_task(tmp_path: Path) -> str:
    (tmp_path / "balancer.py").write_text(blocks("python")[0])
    shutil.copy(ROBOTS / "balancer.xml", tmp_path)
    return f"{tmp_path}/balancer.py:Balancer"


def test_the_guide_shows_the_task_that_is_shipped() -> None:
    assert blocks("python")[0] == (ROBOTS / "balancer.py").read_text()


def test_the_shipped_experiment_is_that_of_the_guide_with_the_task_of_the_package() -> None:
    own = Config.model_validate(yaml.safe_load(blocks("yaml")[0]))
    assert own.environment.id == "balancer.py:Balancer"
    shipped = Config.model_validate(yaml.safe_load((CONFIGS / "balancer.yaml").read_text()))
    environment = own.environment.model_copy(update={"id": "Balancer-v0"})
    assert shipped == own.model_copy(update={"environment": environment})


@pytest.mark.parametrize("environment", environments())
def test_every_environment_of_the_guide_steps(environment: dict[str, Any], own_task: str) -> None:
    batch = make_batch(
        own_task,
        environment.get("n_environments", 4),
        randomization=environment.get("randomization"),
        **environment.get("kwargs", {}),
    )
    batch.reset(seed=0)
    roll(batch, 10)
    batch.close()


def test_the_robot_can_balance_and_drive(own_task: str) -> None:
    batch = make_batch(own_task, 4)
    observations, _ = batch.reset(seed=0)
    for _ in range(200):
        lean, turning, speed = observations[:, 0], observations[:, 4], observations[:, 6]
        torque = 8.0 * lean + turning + 0.6 * (speed - 0.5)
        actions = np.clip(np.stack([torque, torque], axis=1), -1, 1)
        observations, rewards, terminated, _, infos = batch.step(actions)
        assert not terminated.any()
    assert rewards.min() > 0.8
    assert abs(infos["speed"] - 0.5).max() < 0.2


def test_the_robot_falls_when_nobody_balances_it(own_task: str) -> None:
    batch = make_batch(own_task, 4)
    batch.reset(seed=0)
    fallen = np.zeros(4, bool)
    for _ in range(200):
        fallen |= batch.step(np.zeros((4, 2)))[2]
    assert fallen.all()
