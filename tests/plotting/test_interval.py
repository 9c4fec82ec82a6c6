import numpy as np
import pytest

from rl_pipeline.plotting.interval import mean_interval, t_quantile


# Quantiles as printed in Abramowitz and Stegun, table 26.10.
@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.706), (4, 2.776), (10, 2.228), (11, 2.201), (15, 2.131), (30, 2.042), (120, 1.980)],
)
def test_quantiles_of_students_t(degrees: int, quantile: float) -> None:
    assert t_quantile(degrees) == pytest.approx(quantile, abs=5e-4)


def test_quantiles_fall_smoothly_where_the_table_ends() -> None:
    quantiles = [t_quantile(degrees) for degrees in range(1, 40)]
    assert np.all(np.diff(quantiles) < 0)
    assert np.all(np.diff(quantiles, n=2) > 0)


def test_the_interval_of_two_seeds_by_hand() -> None:
    mean, half_width = mean_interval(np.array([[1.0, 5.0], [3.0, 5.0]]))
    np.testing.assert_allclose(mean, [2.0, 5.0])
    np.testing.assert_allclose(half_width, [12.7062, 0.0])


def test_a_single_seed_has_no_interval() -> None:
    mean, half_width = mean_interval(np.array([[1.0, 2.0]]))
    np.testing.assert_array_equal(mean, [1.0, 2.0])
    np.testing.assert_array_equal(half_width, [0.0, 0.0])


@pytest.mark.parametrize("n", [3, 5, 20])
def test_95_percent_of_intervals_hold_the_truth(n: int) -> None:
    values = np.random.default_rng(0).normal(loc=3.0, size=(n, 20_000))
    mean, half_width = mean_interval(values)
    assert np.mean(np.abs(mean - 3.0) <= half_width) == pytest.approx(0.95, abs=0.006)
