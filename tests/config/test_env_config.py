from pathlib import Path

import pytest

from rl_pipeline.config.loading import dump_config, load_config, load_config_mapping
from rl_pipeline.config.schema import Config
from rl_pipeline.config.translation import validate

from .conftest import Problems, Write

FILE = "environment:\n  id: Ant-v5\n  env_config: ant_arguments.yaml\n"


def test_the_keys_of_the_file_become_keyword_arguments(write: Write) -> None:
    write("reset_noise_scale: 0.1\nhealthy_z_range: [0.2, 1.0]\n", "ant_arguments.yaml")
    loaded = load_config(write(FILE))
    assert loaded.config.environment.kwargs == {"reset_noise_scale": 0.1, "healthy_z_range": [0.2, 1.0]}
    assert "env_config" not in dump_config(loaded.config)
    assert loaded.provenance["environment.kwargs.healthy_z_range"] == "ant_arguments.yaml:2"
    assert loaded.provenance["environment.kwargs.healthy_z_range.0"] == "ant_arguments.yaml:2"


def test_the_path_starts_at_the_folder_of_the_experiment_file_or_the_working_directory(write: Write) -> None:
    Path("elsewhere").mkdir()
    write("origin: working directory", "ant_arguments.yaml")
    file = write(FILE, "elsewhere/x.yaml")
    assert load_config(file).config.environment.kwargs == {"origin": "working directory"}
    write("origin: folder", "elsewhere/ant_arguments.yaml")
    assert load_config(file).config.environment.kwargs == {"origin": "folder"}
    mapping = {"environment": {"id": "Ant-v5", "env_config": "ant_arguments.yaml"}}
    assert load_config_mapping(mapping).config.environment.kwargs == {"origin": "working directory"}


def test_kwargs_are_stronger(write: Write) -> None:
    file = write("""
        environment:
          id: Ant-v5
          kwargs: {a: 1, b: {x: 1}}
          env_config: {a: 2, b: {y: 2}, c: {z: 3}}
        """)
    loaded = load_config(file, ["environment.env_config.a=4", "environment.env_config.d=5"])
    assert loaded.config.environment.kwargs == {"a": 1, "b": {"x": 1}, "c": {"z": 3}, "d": 5}
    assert loaded.provenance["environment.kwargs.c.z"] == "x.yaml:4"
    assert loaded.provenance["environment.kwargs.d"] == "command line"


@pytest.mark.parametrize("empty", ["null", "None", "{}"])
def test_nothing_is_nothing(empty: str, write: Write) -> None:
    loaded = load_config(write(f"environment: {{id: Ant-v5, env_config: {empty}}}\n"))
    assert loaded.config.environment.kwargs == {}


def test_wrong_kwargs_are_the_only_problem(problems: Problems) -> None:
    [problem] = problems("environment: {id: Ant-v5, kwargs: [a], env_config: {a: 1}}\n")
    assert problem.key == "environment.kwargs"


def test_what_no_loader_has_read_is_refused() -> None:
    _, [problem] = validate(Config, {"environment": {"id": "Ant-v5", "env_config": {"a": 1}}})
    assert problem.key == "environment.env_config"
    assert "below kwargs" in str(problem.remedy)


def test_an_absent_file_is_refused_at_the_key(write: Write, problems: Problems) -> None:
    write("a: 1", "ant_argument.yaml")
    [problem] = problems(FILE)
    assert (problem.place, problem.key) == ("x.yaml:3", "environment.env_config")
    assert problem.nearest == "ant_argument.yaml"


def test_problems_in_the_file_are_placed_in_it(write: Write, problems: Problems) -> None:
    write("a: 1\na: 2\n", "ant_arguments.yaml")
    [problem] = problems(FILE)
    assert (problem.place, problem.key) == ("ant_arguments.yaml:2", "environment.env_config.a")
    write("a: [1\n", "ant_arguments.yaml")
    [problem] = problems(FILE)
    assert str(problem.place).startswith("ant_arguments.yaml:")
    assert problem.key == "environment.env_config"
