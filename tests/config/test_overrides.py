import pytest

from rl_pipeline.config.loading import load_config
from rl_pipeline.config.overrides import parse_overrides

from .conftest import Problems, Write

FILE = "environment: {id: Ant-v5}\n"


def test_values_are_read_as_yaml() -> None:
    document, problems = parse_overrides(
        ["a.b=3e-4", "a.c=[1, 2]", "a.d={x: true}", "a.e=None", "a.f=", "g=a=b", "h='5'"]
    )
    assert problems == []
    assert document.mapping == {
        "a": {"b": 3e-4, "c": [1, 2], "d": {"x": True}, "e": None, "f": None},
        "g": "a=b",
        "h": "5",
    }


def test_the_last_of_several_wins() -> None:
    assert parse_overrides(["a=1", "a.b=2", "a.b=3"])[0].mapping == {"a": {"b": 3}}
    assert parse_overrides(["a.b=2", "a=1"])[0].mapping == {"a": 1}


@pytest.mark.parametrize("override", ["gamma", "=3", "a..b=3", ".a=3", "a.=3", ""])
def test_what_is_no_override_is_refused_with_an_example(override: str, problems: Problems) -> None:
    [problem] = problems(FILE, override)
    assert problem.place == "command line"
    assert problem.value == override
    assert "training.algorithm_parameters.gamma=0.98" in str(problem.remedy)


def test_bad_values_name_the_key(problems: Problems) -> None:
    found = problems(
        FILE, "experiment.seed=[1", "experiment.name=!!python/name:os.system x", "evaluation.seed=-1"
    )
    assert [(problem.place, problem.key, problem.value) for problem in found] == [
        ("command line", "experiment.seed", "[1"),
        ("command line", "experiment.name", "!!python/name:os.system x"),
        ("command line", "evaluation.seed", -1),
    ]


def test_unknown_keys_are_placed_on_the_command_line(problems: Problems) -> None:
    [problem] = problems(FILE, "training.algoritm=sac")
    assert (problem.place, problem.nearest) == ("command line", "algorithm")


def test_overrides_are_the_strongest(write: Write) -> None:
    file = write("environment: {id: Ant-v5}\ntraining: {algorithm_parameters: {gamma: 0.9, n_steps: 8}}\n")
    loaded = load_config(file, ["training.algorithm_parameters.gamma=0.98"])
    assert loaded.config.training.algorithm_parameters == {"gamma": 0.98, "n_steps": 8}
    assert loaded.provenance["training.algorithm_parameters.gamma"] == "command line"
    assert loaded.provenance["training.algorithm_parameters.n_steps"] == "x.yaml:2"
