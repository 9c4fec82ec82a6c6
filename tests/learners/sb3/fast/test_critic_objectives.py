import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from sb3_contrib.common.utils import quantile_huber_loss as sb3_loss

from rl_pipeline.learners.sb3.fast.critic_objectives import TruncatedQuantiles, drop_largest

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("n_dropped", [0, 1, 7])
def test_the_largest_values_are_dropped(n_dropped: int) -> None:
    values = RANDOM.integers(0, 5, size=(6, 10)).astype(np.float32)
    kept = np.sort(np.asarray(drop_largest(values, n_dropped)), axis=1)
    np.testing.assert_array_equal(kept, np.sort(values, axis=1)[:, : 10 - n_dropped])


def test_the_quantile_loss_and_its_derivative_equal_torch() -> None:
    quantiles = RANDOM.normal(scale=2, size=(6, 2, 5)).astype(np.float32)
    targets = RANDOM.normal(scale=2, size=(6, 7)).astype(np.float32)
    loss, derivative = jax.value_and_grad(TruncatedQuantiles(3).loss)(jnp.asarray(quantiles), targets)
    theirs = torch.from_numpy(quantiles).requires_grad_()
    expected = sb3_loss(theirs, torch.from_numpy(targets)[:, None], sum_over_quantiles=False)
    expected.backward()
    assert float(loss) == pytest.approx(expected.item(), rel=1e-6)
    np.testing.assert_allclose(derivative, theirs.grad, atol=1e-7)
