import pytest

from rl_pipeline.run.milestones import crossed, frequency


@pytest.mark.parametrize(
    ("before", "after", "every", "due"),
    [
        (0, 99, 100, False),
        (99, 100, 100, True),
        (100, 199, 100, False),
        (50, 350, 100, True),
        (0, 500, 0, False),
    ],
)
def test_crossed(before: int, after: int, every: int, due: bool) -> None:
    assert crossed(before, after, every) is due


def test_frequency_spreads_events_or_takes_what_was_given() -> None:
    assert frequency(1000, 4, None) == 250
    assert frequency(1000, 4, 10) == 10
    assert frequency(1000, 0, None) == 0
    assert frequency(3, 10, None) == 1
