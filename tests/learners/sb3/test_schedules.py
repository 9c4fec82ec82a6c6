import pickle
from typing import Any

import pytest
from pydantic import TypeAdapter

from rl_pipeline.config.schedules import Schedule
from rl_pipeline.learners.sb3.schedules import make_schedule

CONFIG: TypeAdapter[Any] = TypeAdapter(Schedule)


def values(config: dict[str, Any], *fractions: float) -> list[float]:
    schedule = make_schedule(CONFIG.validate_python(config))
    return [schedule(1.0 - fraction) for fraction in fractions]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"type": "constant", "value": 3.0}, [3.0, 3.0, 3.0]),
        ({"type": "linear", "initial": 1.0, "final": 0.0}, [1.0, 0.5, 0.0]),
        ({"type": "linear", "initial": 1.0, "final": 0.0, "end_fraction": 0.5}, [1.0, 0.0, 0.0]),
        ({"type": "cosine", "initial": 1.0, "final": 0.0}, [1.0, 0.5, 0.0]),
        ({"type": "exponential", "initial": 1.0, "final": 0.01}, [1.0, 0.1, 0.01]),
        ({"type": "piecewise", "points": [[0.0, 1.0], [0.5, 4.0], [1.0, 2.0]]}, [1.0, 4.0, 2.0]),
    ],
)
def test_start_middle_and_end(config: dict[str, Any], expected: list[float]) -> None:
    assert values(config, 0.0, 0.5, 1.0) == pytest.approx(expected)


def test_warm_up_rises_from_zero_and_moves_the_rest() -> None:
    config = {"type": "linear", "initial": 1.0, "final": 0.0, "warmup": 0.5}
    assert values(config, 0.0, 0.25, 0.5, 0.75, 1.0) == pytest.approx([0.0, 0.5, 1.0, 0.5, 0.0])


def test_beyond_the_end_the_last_value_stays() -> None:
    assert values({"type": "linear", "initial": 1.0, "final": 0.25}, 1.5) == [0.25]


def test_a_schedule_can_be_pickled_into_a_model() -> None:
    schedule = make_schedule(CONFIG.validate_python({"type": "cosine", "initial": 1.0, "final": 0.0}))
    assert pickle.loads(pickle.dumps(schedule))(0.5) == schedule(0.5)
