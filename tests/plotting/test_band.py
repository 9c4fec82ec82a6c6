import numpy as np
import pytest

from rl_pipeline.plotting.band import MANY_SEEDS, band_of, interquartile_mean


def test_few_seeds_are_their_mean_and_range() -> None:
    band = band_of(np.array([[1.0, 5.0], [3.0, 5.0], [8.0, 5.0]]))
    np.testing.assert_allclose([band.middle, band.low, band.high], [[4, 5], [1, 5], [8, 5]])
    assert band.meaning == "mean and range of 3 seeds"


def test_many_seeds_are_their_interquartile_mean() -> None:
    values = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [1000.0]])
    np.testing.assert_allclose(interquartile_mean(values), [3.5])
    assert interquartile_mean(np.array([[1.0], [2.0], [9.0]])) == pytest.approx(4.0)


def test_the_bootstrap_interval_holds_the_mean_of_most_experiments() -> None:
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(40):
        band = band_of(generator.normal(size=(20, 1)))
        held += bool(band.low[0] <= 0 <= band.high[0])
    assert 34 <= held <= 40
    assert band.meaning == "interquartile mean of 20 seeds, 95% interval"


def test_a_band_never_leaves_the_data() -> None:
    solved = np.full((MANY_SEEDS, 3), 500.0)
    solved[0] = 10.0
    for values in (solved, solved[:3]):
        band = band_of(values)
        assert np.all(band.low >= 10)
        assert np.all(band.high <= 500)
        assert np.all((band.low <= band.middle) & (band.middle <= band.high))
