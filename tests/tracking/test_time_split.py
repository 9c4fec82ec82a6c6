import pytest

from rl_pipeline.tracking.time_split import TimeSplit


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_seconds_go_to_the_part_that_is_on() -> None:
    clock = Clock()
    split = TimeSplit(clock=clock)
    clock.now += 1
    assert split.switch("collect") == "other"
    clock.now += 2
    assert split.switch("update") == "collect"
    clock.now += 5
    assert split.seconds() == {"collect": 2, "update": 5, "evaluate": 0, "other": 1}


def test_measure_returns_to_the_part_before_it_also_after_an_error() -> None:
    clock = Clock()
    split = TimeSplit(clock=clock)
    split.switch("collect")

    def fail_after_3_seconds() -> None:
        with split.measure("evaluate"):
            clock.now += 3
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_3_seconds()
    clock.now += 1
    assert split.seconds() == {"collect": 1, "update": 0, "evaluate": 3, "other": 0}


def test_fractions_sum_to_one() -> None:
    clock = Clock()
    split = TimeSplit(clock=clock)
    assert sum(split.fractions().values()) == 0
    with split.measure("collect"):
        clock.now += 3
    with split.measure("update"):
        clock.now += 1
    assert split.fractions() == {"collect": 0.75, "update": 0.25, "evaluate": 0, "other": 0}


def test_logged_speed_counts_from_the_start_of_this_process() -> None:
    clock = Clock()
    split = TimeSplit(start_timestep=1_000, clock=clock)
    with split.measure("update"):
        clock.now += 4
    assert split.values(3_000) == {
        "time/collect": 0,
        "time/update": 4,
        "time/evaluate": 0,
        "time/fps": 500,
        "time/minutes": 4 / 60,
    }


def test_minutes_continue_those_of_earlier_processes() -> None:
    clock = Clock()
    split = TimeSplit(earlier_minutes=10.0, clock=clock)
    clock.now += 90
    assert split.minutes() == 11.5
    assert split.age() == {"time/minutes": 11.5}


def test_minutes_that_are_not_known_are_not_recorded() -> None:
    split = TimeSplit(earlier_minutes=None)
    assert split.minutes() is None
    assert "time/minutes" not in split.values(0)
