"""Generalised advantage estimates against the sum that defines them."""

import numpy as np
import pytest

from rl_pipeline.datasets.advantages import estimate_advantages


@pytest.mark.parametrize(("gamma", "gae_lambda"), [(0.9, 0.8), (0.99, 1.0), (0.5, 0.0)])
def test_advantages_are_the_discounted_sums_of_errors(gamma: float, gae_lambda: float) -> None:
    rng = np.random.default_rng(0)
    rewards, values, last = rng.normal(size=6), rng.normal(size=6), 0.7
    following = [*values[1:], last]
    errors = [rewards[t] + gamma * following[t] - values[t] for t in range(6)]
    expected = [sum((gamma * gae_lambda) ** (k - t) * errors[k] for k in range(t, 6)) for t in range(6)]
    found = estimate_advantages(rewards, values, last, gamma=gamma, gae_lambda=gae_lambda)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
