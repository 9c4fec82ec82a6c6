import warnings

import numpy as np
import pytest

from rl_pipeline.envs.gymnasium.step_metrics import CAPACITY, StepMetrics, metric_infos


def table(n: int) -> StepMetrics:
    return StepMetrics(np.zeros((CAPACITY, n)), np.zeros((CAPACITY, n), dtype=bool))


def infos(metrics: StepMetrics) -> dict[str, np.ndarray]:
    return metric_infos(metrics.values, metrics.mask, [(slice(None), metrics.keys)])


def test_numbers_are_kept_and_the_rest_is_dropped() -> None:
    metrics = table(2)
    metrics.record(
        0, {"a": 1, "b": np.float32(0.5), "c": True, "d": np.array(3), "name": "x", "v": np.ones(2)}
    )
    assert {key: value.tolist() for key, value in infos(metrics).items()} == {
        "a": [1.0, 0.0],
        "_a": [True, False],
        "b": [0.5, 0.0],
        "_b": [True, False],
        "c": [1.0, 0.0],
        "_c": [True, False],
        "d": [3.0, 0.0],
        "_d": [True, False],
    }


def test_metrics_of_an_earlier_step_are_not_reported() -> None:
    metrics = table(1)
    metrics.record(0, {"a": 1.0, "b": 2.0})
    metrics.clear()
    metrics.record(0, {"b": 3.0})
    assert sorted(infos(metrics)) == ["_b", "b"]


def test_groups_that_learnt_their_metrics_in_different_order_are_merged() -> None:
    values, mask = np.zeros((CAPACITY, 3)), np.zeros((CAPACITY, 3), dtype=bool)
    left, right = StepMetrics(values[:, :2], mask[:, :2]), StepMetrics(values[:, 2:], mask[:, 2:])
    left.record(1, {"a": 1.0, "b": 2.0})
    right.record(0, {"b": 4.0, "c": 5.0})
    merged = metric_infos(values, mask, [(slice(0, 2), left.keys), (slice(2, 3), right.keys)])
    assert merged["b"].tolist() == [0.0, 2.0, 4.0]
    assert merged["_b"].tolist() == [False, True, True]
    assert merged["_c"].tolist() == [False, False, True]


def test_metrics_beyond_the_capacity_are_dropped_with_one_warning() -> None:
    metrics = table(1)
    info = {f"metric {number}": float(number) for number in range(CAPACITY + 1)}
    with pytest.warns(UserWarning, match=f"'metric {CAPACITY}' is dropped"):
        metrics.record(0, info)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics.record(0, info)
    assert len(infos(metrics)) == 2 * CAPACITY
