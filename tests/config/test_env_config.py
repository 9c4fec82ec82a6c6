from pathlib import Path

from rl_pipeline.config.loading import load_config, load_config_mapping

from .conftest import Problems, Write

FILE = "environment:\n  id: Ant-v5\n  env_config: ant_arguments.yaml\n"


def test_the_file_takes_the_place_of_its_path(write: Write) -> None:
    write("reset_noise_scale: 0.1\nhealthy_z_range: [0.2, 1.0]\n", "ant_arguments.yaml")
    loaded = load_config(write(FILE))
    expected = {"reset_noise_scale": 0.1, "healthy_z_range": [0.2, 1.0]}
    assert loaded.config.environment.env_config == expected
    assert loaded.raw["environment"]["env_config"] == expected
    assert loaded.provenance["environment.env_config.healthy_z_range"] == "ant_arguments.yaml:2"


def test_the_path_starts_at_the_folder_of_the_experiment_file_or_the_working_directory(write: Write) -> None:
    Path("elsewhere").mkdir()
    write("origin: working directory", "ant_arguments.yaml")
    file = write(FILE, "elsewhere/x.yaml")
    assert load_config(file).config.environment.env_config == {"origin": "working directory"}
    write("origin: folder", "elsewhere/ant_arguments.yaml")
    assert load_config(file).config.environment.env_config == {"origin": "folder"}
    mapping = {"environment": {"id": "Ant-v5", "env_config": "ant_arguments.yaml"}}
    assert load_config_mapping(mapping).config.environment.env_config == {"origin": "working directory"}


def test_a_mapping_stays(write: Write) -> None:
    loaded = load_config(write("environment: {id: Ant-v5, env_config: {a: 1}}\n"))
    assert loaded.config.environment.env_config == {"a": 1}


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
