import numpy as np
import pytest
import torch

from rl_pipeline.bench.policy import call_times, fast_actor, make_untrained, stock_actor


@pytest.mark.parametrize(
    ("algorithm", "environment"),
    [
        ("ppo", "Reacher-v5"),
        ("ppo", "CartPole-v1"),
        ("sac", "Reacher-v5"),
        ("td3", "Reacher-v5"),
        ("tqc", "Pendulum-v1"),
    ],
)
def test_both_actors_do_the_same(algorithm: str, environment: str) -> None:
    model = make_untrained(algorithm, environment)
    observations = np.random.default_rng(0).normal(size=(16, *model.observation_space.shape))
    actions = []
    for act in (stock_actor(model), fast_actor(model, 16)):
        torch.manual_seed(3)
        actions.append(act(observations.astype(np.float32)))
    np.testing.assert_allclose(actions[1], actions[0], rtol=1e-5, atol=1e-5)


def test_measures_every_call_after_the_warm_up() -> None:
    calls: list[int] = []

    def act(observations: np.ndarray) -> np.ndarray:
        calls.append(len(observations))
        return observations

    times = call_times(act, np.zeros((4, 2)), seconds=0.01)
    assert 0 < len(times) < len(calls)
    assert times.sum() >= 0.01 * 1e6
