from typing import Any

import numpy as np
import pytest
from stable_baselines3.common.noise import NormalActionNoise, OrnsteinUhlenbeckActionNoise

from rl_pipeline.learners.sb3.noise import check_action_noise, make_action_noise


def test_normal_noise_has_the_given_spread() -> None:
    noise = make_action_noise({"type": "normal", "std": 0.5}, (2,))
    assert isinstance(noise, NormalActionNoise)
    np.random.seed(0)
    samples = np.array([noise() for _ in range(2000)])
    assert samples.shape == (2000, 2)
    np.testing.assert_allclose(samples.std(axis=0), 0.5, rtol=0.1)


def test_ornstein_uhlenbeck_noise_remembers() -> None:
    noise = make_action_noise({"type": "ornstein_uhlenbeck", "std": 0.2, "mean": 0.1}, (1,))
    assert isinstance(noise, OrnsteinUhlenbeckActionNoise)


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (0.1, "action_noise"),
        ({"type": "normal"}, "action_noise"),
        ({"type": "normal", "std": 0.1, "color": "pink"}, "action_noise"),
        ({"type": "nromal", "std": 0.1}, "type"),
        ({"type": "normal", "std": "small"}, "std"),
    ],
)
def test_a_wrong_form_is_refused(value: Any, key: str) -> None:
    [problem] = check_action_noise(value)
    assert problem.key.endswith(key)


def test_no_noise_is_fine() -> None:
    assert check_action_noise(None) == []
    assert check_action_noise({"type": "normal", "std": 0.1}) == []
