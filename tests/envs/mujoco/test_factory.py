from pathlib import Path
from typing import Any

import pytest

from rl_pipeline.config.errors import ConfigError, Problem
from tests.envs.mujoco.batches import make_batch


def refused(environment_id: str, randomization: dict[str, Any] | None = None, **kwargs: Any) -> Problem:
    with pytest.raises(ConfigError) as caught:
        make_batch(environment_id, 2, randomization=randomization, **kwargs)
    return caught.value.problems[0]


def test_an_unknown_id_names_the_nearest_and_the_remedy() -> None:
    problem = refused("HalfChetah-v5")
    assert problem.key == "environment.id"
    assert problem.nearest == "HalfCheetah-v5"
    assert "Ant-v5" in problem.valid
    assert "environment.backend: gymnasium" in str(problem.remedy)


def test_an_unknown_argument_names_the_nearest() -> None:
    problem = refused("Ant-v5", healthy_z_rang=[0, 1])
    assert problem.key == "environment.kwargs.healthy_z_rang"
    assert problem.nearest == "healthy_z_range"


def test_wrong_values_are_refused() -> None:
    assert refused("Ant-v5", num_threads=0).key == "environment.kwargs.num_threads"
    assert "does not exist" in refused("Ant-v5", xml_file="./nowhere.xml").message
    assert refused("nowhere.py:Task").key == "environment.id"
    assert refused("Ant-v5", camera={"width": 10}).key == "environment.kwargs.camera.name"
    assert refused("Ant-v5", camera={"name": "trac"}).nearest == "track"


def test_a_task_may_come_from_a_module_or_a_file(tmp_path: Path) -> None:
    module = make_batch("rl_pipeline.envs.mujoco.robots.balancer:Balancer", 1, target_speed=1.0)
    assert module.task.target_speed == 1.0  # type: ignore[attr-defined]
    file = tmp_path / "slow.py"
    file.write_text(
        "from rl_pipeline.envs.mujoco.robots.balancer import Balancer\n\n\n"
        "class Slow(Balancer):\n    max_episode_steps = 3\n"
    )
    assert make_batch(f"{file}:Slow", 1).task.max_episode_steps == 3


@pytest.mark.parametrize(
    ("randomization", "key", "said"),
    [
        ({"mas": {"scale": [1, 2]}}, "mas", "mass"),
        ({"mass": {"scale": [2, 1]}}, "mass.scale", "lower limit"),
        ({"mass": {"scale": [1]}}, "mass.scale", "list"),
        ({"mass": {"scale": [-1, 1]}}, "mass.scale.0", ">= 0"),
        ({"mass": {}}, "mass.scale", "missing"),
        ({"latency": {"steps": [0, 1.5]}}, "latency.steps.1", "integer"),
        ({"mass": {"scale": [1, 2], "bodies": ["torsso"]}}, "mass.bodies", "torso"),
        ({"pushes": {"interval": [5, 9], "force": [1, 2], "body": "tors"}}, "pushes.body", "torso"),
    ],
)
def test_wrong_randomization_is_refused(randomization: dict[str, Any], key: str, said: str) -> None:
    problem = refused("Ant-v5", randomization)
    assert problem.key == f"environment.randomization.{key}"
    assert said in str(problem)
