"""A training with a program that was started by hand: there is one, and it has so many environments."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rl_pipeline.config.draft import draft_of
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.loading import dump_config, load_config, load_config_mapping
from rl_pipeline.config.yaml_reader import parse_yaml
from rl_pipeline.envs.unity_process import free_port
from rl_pipeline.run.environments import make_evaluation_env
from rl_pipeline.run.preflight.environment import check_environment

from .conftest import Train

PLAYER = Path(__file__).parents[2] / "unity_build" / "player" / "tank.x86_64"
N_ENVIRONMENTS = 3


@pytest.fixture
def port() -> Iterator[int]:
    """Start the player by hand, for a port on which nobody listens yet."""
    port = free_port()
    arguments = ["--ros-port", str(port), "--n-environments", str(N_ENVIRONMENTS)]
    player = subprocess.Popen([sys.executable, str(PLAYER), *arguments])
    yield port
    player.kill()
    player.wait()


def mapping(port: int, **evaluation: Any) -> dict[str, Any]:
    environment = {"id": "Tank", "backend": "unity_ros", "n_environments": N_ENVIRONMENTS}
    return {
        "environment": {**environment, "unity_ros": {"port": port}},
        "training": {"training": {"eval": evaluation}},
    }


def test_it_is_trained_evaluated_and_filmed_with_all_of_its_environments(train: Train, port: int) -> None:
    run = train(
        "a2c",
        "environment.backend=unity_ros",
        f"environment.unity_ros.port={port}",
        f"environment.n_environments={N_ENVIRONMENTS}",
        "training.training.eval.num_evals=0",
        "evaluation.video=true",
        environment_id="Tank",
    )
    log = (run.path / "log.txt").read_text()
    assert "only at the end" in log
    assert "starts new episodes" in log
    assert (run.path / "eval.json").is_file()
    assert list(run.videos.glob("*.mp4"))
    with closing(make_evaluation_env(load_config(run.config, default_file=None).config, 2)) as env:
        assert env.num_envs == N_ENVIRONMENTS


@pytest.mark.parametrize("backend", ["unity", "unity_ros"])
def test_the_end_alone_is_evaluated_where_nothing_else_is_asked_for(backend: str) -> None:
    configuration: dict[str, Any] = {"environment": {"id": "Tank", "backend": backend}}
    key = "training.training.eval.num_evals"
    loaded = load_config_mapping(configuration)
    assert loaded.config.training.training.eval.num_evals == 0
    assert loaded.provenance[key] == "default of programs started by hand"
    assert load_config_mapping(configuration, [f"{key}=3"]).config.training.training.eval.num_evals == 3
    stored = parse_yaml(dump_config(loaded.config), "config.yaml").mapping
    assert load_config_mapping(stored).config == loaded.config
    build = f"environment.{backend}.build_path={PLAYER}"
    assert load_config_mapping(configuration, [build]).config.training.training.eval.num_evals == 10


def test_a_malformed_key_causes_no_problem_with_evaluations(port: int) -> None:
    configuration = mapping(port)
    configuration["environment"]["n_workers"] = 2
    with pytest.raises(ConfigError) as caught:
        load_config_mapping(configuration, checks=[check_environment])
    assert [problem.key for problem in caught.value.problems] == ["environment.n_workers"]


def test_it_is_looked_at_before_the_training(port: int) -> None:
    assert check_environment(draft_of(mapping(port, num_evals=0))) == []


def test_evaluations_during_the_training_are_refused_before_anybody_waits_for_a_program() -> None:
    for evaluation in ({"num_evals": 2}, {"num_evals": 0, "frequency": 100}):
        [problem] = check_environment(draft_of(mapping(10000, **evaluation)))
        assert problem.key == "training.training.eval"
        assert "training.training.eval.num_evals: 0" in (problem.remedy or "")
    build = mapping(10000)
    build["environment"]["unity_ros"] = {"build_path": str(PLAYER), "port": 0}
    assert check_environment(draft_of(build)) == []
