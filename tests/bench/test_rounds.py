import pytest

from rl_pipeline.bench.rounds import in_turn, median_ratio


def test_measures_everything_once_in_each_round() -> None:
    calls: list[str] = []

    def measure(name: str) -> int:
        calls.append(name)
        return len(calls)

    measured = in_turn({"a": lambda: measure("a"), "b": lambda: measure("b")}, rounds=3)
    assert calls == ["a", "b"] * 3
    assert measured == {"a": [1, 3, 5], "b": [2, 4, 6]}


def test_a_ratio_compares_measurements_of_the_same_round() -> None:
    assert median_ratio([1.0, 20.0, 300.0], [2.0, 10.0, 100.0]) == 2.0


def test_a_ratio_needs_both_measurements_of_every_round() -> None:
    with pytest.raises(ValueError, match="zip"):
        median_ratio([1.0, 2.0], [1.0])
