from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.yaml_reader import parse_yaml
from rl_pipeline.search.space import decode, parse_space, split_override

SPACE = """
training.algorithm_parameters.learning_rate: {low: 1e-5, high: 1e-3, log: true}
training.algorithm_parameters.gamma: {low: 0.9, high: 0.99, step: 0.03}
training.algorithm_parameters.n_steps: {low: 64, high: 256, step: 64, int: true}
training.algorithm_parameters.batch_size: {low: 8, high: 512, log: true, int: true}
training.algorithm_parameters.policy_kwargs.net_arch: [[64, 64], [256, 256], {pi: [64], vf: [64.0, 1]}, null]
training.algorithm: [ppo, sac, "[64, 64]", '"quoted"']
"""


def space_of(text: str) -> dict[str, optuna.distributions.BaseDistribution]:
    return parse_space(parse_yaml(text, "sweep.yaml").mapping, "sweep.yaml")


def refused(call: Callable[[], object]) -> Problem:
    with pytest.raises(ConfigError) as caught:
        call()
    [problem] = caught.value.problems
    return problem


def test_lists_are_choices_and_mappings_are_ranges() -> None:
    assert list(space_of(SPACE).values())[:4] == [
        FloatDistribution(1e-5, 1e-3, log=True),
        FloatDistribution(0.9, 0.99, step=0.03),
        IntDistribution(64, 256, step=64),
        IntDistribution(8, 512, log=True),
    ]
    assert space_of("training.x: [1, two, null]") == {"training.x": CategoricalDistribution([1, "two", None])}


@pytest.mark.filterwarnings("error")
def test_choices_of_any_kind_survive_the_storage(tmp_path: Path) -> None:
    space = space_of(SPACE)
    values = {
        "training.algorithm_parameters.policy_kwargs.net_arch": [
            [64, 64],
            [256, 256],
            {"pi": [64], "vf": [64.0, 1]},
            None,
        ],
        "training.algorithm": ["ppo", "sac", "[64, 64]", '"quoted"'],
    }

    def reopened() -> optuna.Study:
        storage = JournalStorage(JournalFileBackend(str(tmp_path / "study.journal")))
        return optuna.create_study(study_name="s", storage=storage, load_if_exists=True)

    study = reopened()
    for number in range(4):
        parameters = {}
        for name in values:
            distribution = space[name]
            assert isinstance(distribution, CategoricalDistribution)
            parameters[name] = distribution.choices[number]
        study.enqueue_trial(parameters)
        study.ask(fixed_distributions={name: space[name] for name in values})
    decoded = [decode(trial.params) for trial in reopened().trials]
    assert {name: [trial[name] for trial in decoded] for name in values} == values
    assert isinstance(decoded[2]["training.algorithm_parameters.policy_kwargs.net_arch"], dict)


@pytest.mark.parametrize(
    ("entry", "key", "message", "remedy"),
    [
        ("{low: 1}", "x.high", "is missing", "high: 1.0e-3"),
        ("{low: 1, hihg: 2}", "x.hihg", "unknown key", "write them as a list"),
        ("{low: 2, high: 1}", "x.high", "below low, which is 2", None),
        ("{low: 0, high: 1, log: true}", "x.low", "positive", None),
        ("{low: 1, high: 2, log: true, step: 1}", "x.step", "together with log", "remove"),
        ("{low: 0, high: 1, step: 0.3}", "x.high", "not reached", "high: 0.9,"),
        ("{low: 0, high: 1, step: 0}", "x.step", "positive", None),
        ("{low: 0.5, high: 2, int: true}", "x.low", "integer", None),
        ("{low: zero, high: 2}", "x.low", "finite number", None),
        ("{low: 0, high: .inf}", "x.high", "finite number", None),
        ("{low: false, high: 1}", "x.low", "finite number", None),
        ("{low: 0, high: 1, log: 1}", "x.log", "true or false", None),
        ("[]", "x", "no choices", "list of choices"),
        ("[1, 2, 1.0]", "x", "twice", "once"),
        ("[[1], [1]]", "x", "twice", "once"),
        ("0.5", "x", "list of choices or a range", "list of choices"),
    ],
)
def test_what_is_no_dimension_is_refused(entry: str, key: str, message: str, remedy: str | None) -> None:
    problem = refused(lambda: space_of(f"training.x: {entry}"))
    assert problem.key == f"sweep.space.training.{key}"
    assert message in problem.message
    assert problem.place == "sweep.yaml"
    assert remedy is None or remedy in str(problem.remedy)


def test_the_key_that_was_probably_meant_is_named() -> None:
    assert refused(lambda: space_of("training.x: {low: 1, hihg: 2}")).nearest == "high"


@pytest.mark.parametrize("key", ["''", "training.", "training..gamma"])
def test_keys_are_dotted(key: str) -> None:
    assert "dotted key" in refused(lambda: space_of(f"{key}: [1, 2]")).message


def test_a_key_below_another_one_is_refused() -> None:
    problem = refused(lambda: space_of("training.kwargs: [{a: 1}, {a: 2}]\ntraining.kwargs.a: [1, 2]"))
    assert problem.key == "sweep.space.training.kwargs.a"
    assert "training.kwargs" in problem.message


def test_all_problems_are_found_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        space_of("a: 1\nb: []\nc: [1, 2]")
    assert [problem.key for problem in caught.value.problems] == ["sweep.space.a", "sweep.space.b"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2,3", [1, 2, 3]),
        ("1e-3, 3e-4", [1e-3, 3e-4]),
        ("ppo,sac", ["ppo", "sac"]),
        ("true,null,'5'", [True, None, "5"]),
        ("[1,2],[3,4]", [[1, 2], [3, 4]]),
        ("[[1,2],[3]],[]", [[[1, 2], [3]], []]),
        ("{pi: [64,64], vf: [1]},[8]", [{"pi": [64, 64], "vf": [1]}, [8]]),
        ('"a,b",c', ["a,b", "c"]),
        ("'it''s, so','[',1", ["it's, so", "[", 1]),
        (r'"a\",b",c', ['a",b', "c"]),
        ("don't,won't", ["don't", "won't"]),
        ("['],',2],3", [["],", 2], 3]),
    ],
)
def test_comma_lists_name_several_values(text: str, values: list[object]) -> None:
    assert split_override(f"training.x={text}") == ("training.x", values)


@pytest.mark.parametrize(
    "text",
    [
        "training.algorithm_parameters.policy_kwargs.net_arch=[64,64]",
        "x={pi: [64,64], vf: [64]}",
        'x="a,b"',
        "x='a,b'",
        "x=3e-4",
        "x=",
        "x=a=b",
        "no override",
        "x=[1,2",
    ],
)
def test_one_value_is_no_comma_list(text: str) -> None:
    assert split_override(text) is None


@pytest.mark.parametrize("text", ["1,,2", "1,", ",1"])
def test_empty_values_of_a_comma_list_are_refused(text: str) -> None:
    problem = refused(lambda: split_override(f"training.x={text}"))
    assert (problem.key, problem.value, problem.place) == ("training.x", text, "command line")
    assert "null" in str(problem.remedy)


def test_bad_yaml_in_a_comma_list_names_the_key() -> None:
    problem = refused(lambda: split_override("training.x=1,!!python/name:os.system x"))
    assert (problem.key, problem.place) == ("training.x", "command line")
