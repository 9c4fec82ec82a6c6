from pathlib import Path

import pytest

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.launcher import load_launcher_config

from .conftest import Write


def refusals(text: str, write: Write) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load_launcher_config(write(text, "config.yml"))
    return caught.value.problems


def test_defaults(write: Write) -> None:
    experiment = write("", "ant.yaml")
    config = load_launcher_config(write("experiment: ant.yaml\nros:\nn_environments: 'None'\n", "config.yml"))
    assert config.experiment == experiment
    assert config.n_environments is None
    assert (config.ros.package_name, config.ros.node_name) == ("rl_nodes", "train")
    assert config.unity.build_path is None
    assert config.unity.time_scale == 1.0


def test_all_keys(write: Write) -> None:
    write("", "ant.yaml")
    text = """
    experiment: ant.yaml
    n_environments: 1
    ros:
      package_name: "examples_pkg"
      node_name: "train"
    unity:
      build_path: "build/Playground.exe"
      headless_mode: false
      pause: false
      sample_time: 0.0
      time_scale: 1.0
    """
    config = load_launcher_config(write(text, "config.yml"))
    assert config.n_environments == 1
    assert config.ros.package_name == "examples_pkg"
    assert config.unity.build_path == "build/Playground.exe"


def test_the_experiment_is_found_from_any_folder(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("", "ant.yaml")
    file = write("experiment: ant.yaml\n", "config.yml").absolute()
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert load_launcher_config(file).experiment.is_file()


def test_an_absent_experiment_lists_the_near_named_ones(write: Write) -> None:
    write("", "ant.yaml")
    [problem] = refusals("ros: {}\nexperiment: and.yaml\n", write)
    assert (problem.place, problem.key) == ("config.yml:2", "experiment")
    assert problem.nearest == "ant.yaml"


def test_all_problems_come_together(write: Write) -> None:
    write("", "ant.yaml")
    found = refusals(
        """
        experiment: ant.yaml
        n_environments: 0
        ros:
          pakage_name: x
        unity:
          time_scale: 0
          headless_mode: 'no'
        """,
        write,
    )
    assert [(problem.place, problem.key) for problem in found] == [
        ("config.yml:2", "n_environments"),
        ("config.yml:4", "ros.pakage_name"),
        ("config.yml:6", "unity.time_scale"),
        ("config.yml:7", "unity.headless_mode"),
    ]
    assert found[1].nearest == "package_name"
    assert found[2].message == "must be a number > 0, is 0"


def test_the_experiment_is_needed(write: Write) -> None:
    [problem] = refusals("n_environments: 2\n", write)
    assert (problem.place, problem.key, problem.message) == ("config.yml", "experiment", "is missing")


def test_an_absent_file_is_refused(write: Write) -> None:
    write("", "config.yml")
    with pytest.raises(ConfigError, match=r"did you mean: config\.yml"):
        load_launcher_config("confg.yml")
