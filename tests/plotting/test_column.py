import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.plotting.column import find_column

COLUMNS = (
    "eval/mean_reward",
    "eval/speed_mean",
    "episode/speed_mean",
    "episode/speed_final",
    "train/value_loss",
    "train/policy_loss",
    "time/fps",
    "steps",
)


@pytest.mark.parametrize(
    ("key", "column"),
    [
        ("eval/speed_mean", "eval/speed_mean"),
        ("speed", "episode/speed_mean"),
        ("speed_final", "episode/speed_final"),
        ("mean_reward", "eval/mean_reward"),
        ("FPS", "time/fps"),
        ("spee", "episode/speed_mean"),
        ("value", "train/value_loss"),
        ("steps", "steps"),
    ],
)
def test_a_column_is_found_by_a_part_of_its_name(key: str, column: str) -> None:
    assert find_column(key, COLUMNS) == column


def test_an_unknown_column_lists_all() -> None:
    with pytest.raises(ConfigError) as error:
        find_column("eval/mean_rewrad", COLUMNS)
    (problem,) = error.value.problems
    assert problem.message == "no run has this column"
    assert problem.nearest == "eval/mean_reward"
    assert problem.valid == [
        "steps",
        "episode/{speed_final, speed_mean}",
        "eval/{mean_reward, speed_mean}",
        "time/fps",
        "train/{policy_loss, value_loss}",
    ]


def test_the_nearest_metric_is_named() -> None:
    with pytest.raises(ConfigError, match="did you mean: speed"):
        find_column("sped", COLUMNS)


def test_a_part_of_several_metrics_lists_them() -> None:
    with pytest.raises(ConfigError) as error:
        find_column("loss", COLUMNS)
    (problem,) = error.value.problems
    assert (problem.message, problem.nearest) == ("several columns contain this", None)
    assert problem.valid == ["train/{policy_loss, value_loss}"]
