import pytest

from rl_pipeline.config.loading import load_config

from .conftest import Problems, Write

SECTIONS = [("training.training.eval", "num_evals"), ("training.checkpoint", "num_checkpoints")]


@pytest.mark.parametrize(("section", "count"), SECTIONS)
def test_number_and_frequency_exclude_each_other(section: str, count: str, problems: Problems) -> None:
    [problem] = problems("environment: {id: a}\n", f"{section}.{count}=5", f"{section}.frequency=1000")
    assert (problem.place, problem.key, problem.value) == ("command line", f"{section}.frequency", 1000)
    assert count in problem.message
    assert count in str(problem.remedy)


@pytest.mark.parametrize(("section", "count"), SECTIONS)
def test_the_stronger_layer_decides_between_them(section: str, count: str, write: Write) -> None:
    *above, name = section.split(".")
    opening, closing = "".join(f"{part}: {{" for part in above), "}" * len(above)

    file = write(f"environment: {{id: a}}\n{opening}{name}: {{{count}: 5}}{closing}\n")
    raw = load_config(file, [f"{section}.frequency=1000"]).raw
    for part in section.split("."):
        raw = raw[part]
    assert raw == {"frequency": 1000}

    file = write(f"environment: {{id: a}}\n{opening}{name}: {{frequency: 1000}}{closing}\n")
    raw = load_config(file, [f"{section}.{count}=5"]).raw
    for part in section.split("."):
        raw = raw[part]
    assert raw == {count: 5}


def test_a_frequency_of_null_is_not_given(write: Write) -> None:
    file = write("environment: {id: a}\ntraining: {checkpoint: {num_checkpoints: 3, frequency: None}}\n")
    assert load_config(file).config.training.checkpoint.num_checkpoints == 3


def test_both_are_refused_beside_other_problems_of_the_section(problems: Problems) -> None:
    found = problems(
        "environment: {id: a}\ntraining: {checkpoint: {num_checkpoints: 3, frequency: 5, keep_last: 0}}\n"
    )
    assert {problem.key for problem in found} == {
        "training.checkpoint.frequency",
        "training.checkpoint.keep_last",
    }
