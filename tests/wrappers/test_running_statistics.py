import numpy as np
import pytest

from rl_pipeline.wrappers.running_statistics import RunningStatistics


def test_batches_give_the_statistics_of_all_rows() -> None:
    rows = np.random.default_rng(0).normal(3.0, 2.0, (1000, 4))
    statistics = RunningStatistics((4,), initial_count=0.0)
    for batch in np.split(rows, [1, 10, 300]):
        statistics.update(batch)
    np.testing.assert_allclose(statistics.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(statistics.var, rows.var(axis=0), rtol=1e-12)
    assert statistics.count == 1000


def test_large_offset_loses_no_variance() -> None:
    rows = np.random.default_rng(0).normal(1e8, 1.0, (1000, 1))
    statistics = RunningStatistics((1,), initial_count=0.0)
    for batch in np.split(rows, 100):
        statistics.update(batch)
    np.testing.assert_allclose(statistics.var, rows.var(axis=0), rtol=1e-6)


def test_state_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(3,\) do not fit rows of shape \(2,\)"):
        RunningStatistics((2,)).load_state_dict(RunningStatistics((3,)).state_dict())
