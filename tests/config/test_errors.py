import pickle

from rl_pipeline.config.errors import MISSING, ConfigError, Problem, nearest


def test_nearest_ignores_case_and_refuses_what_is_far() -> None:
    assert nearest("PPPO", ["ppo", "sac"]) == "ppo"
    assert nearest("resnetmlp", ["ResnetMLP", "NatureCNN"]) == "ResnetMLP"
    assert nearest("zzz", ["ppo", "sac"]) is None
    assert nearest("ppo", []) is None


def test_a_problem_prints_everything_it_knows() -> None:
    problem = Problem(
        key="training.algorithm",
        message="is not a valid value",
        value="pppo",
        valid=["ppo", "sac"],
        nearest="ppo",
        remedy="write ppo",
        place="configs/x.yaml:12",
    )
    assert str(problem).splitlines() == [
        "configs/x.yaml:12: training.algorithm: is not a valid value",
        "    value: 'pppo'",
        "    valid: ppo, sac",
        "    did you mean: ppo ?",
        "    remedy: write ppo",
    ]


def test_a_problem_prints_nothing_that_it_does_not_know() -> None:
    assert str(Problem("a.b", "is missing")) == "a.b: is missing"
    assert str(Problem("", "is empty", place="x.yaml")) == "x.yaml: is empty"


def test_null_is_a_value_that_is_shown() -> None:
    assert "value: None" in str(Problem("a", "is wrong", None))


def test_many_valid_values_and_long_values_are_shortened() -> None:
    text = str(Problem("id", "unknown", "x" * 5000, valid=[f"Env{n}-v0" for n in range(1000)]))
    assert len(text) < 1000
    assert "Env0-v0, Env1-v0" in text
    assert "(970 more)" in text


def test_an_error_prints_a_block_for_each_problem_and_survives_pickling() -> None:
    error = ConfigError([Problem("a", "is wrong", 1), Problem("b", "is missing")])
    assert str(error) == "a: is wrong\n    value: 1\nb: is missing"
    copy = pickle.loads(pickle.dumps(error))
    assert copy.problems == error.problems
    assert copy.problems[1].value is MISSING
