"""Observation noise and action noise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from rl_pipeline.wrappers.action_noise import ActionNoise
from rl_pipeline.wrappers.observation_noise import ObservationNoise


def _noise_of_observations(make_env: Callable[..., Any], seed: int, n_steps: int = 400) -> np.ndarray:
    noisy, clean = ObservationNoise(make_env(), std=[0.1, 1.0, 0.0]), make_env()
    difference = [noisy.reset(seed=seed)[0] - clean.reset(seed=seed)[0]]
    for _ in range(n_steps):
        difference.append(noisy.step(np.zeros((3, 2)))[0] - clean.step(np.zeros((3, 2)))[0])
    return np.concatenate(difference)


def test_observation_noise_has_its_standard_deviation(make_env: Callable[..., Any]) -> None:
    noise = _noise_of_observations(make_env, seed=0)
    np.testing.assert_allclose(noise.std(axis=0), [0.1, 1.0, 0.0], rtol=0.1, atol=1e-6)
    np.testing.assert_allclose(noise.mean(axis=0), 0.0, atol=0.1)


def test_noise_follows_from_the_seed(make_env: Callable[..., Any]) -> None:
    noise = _noise_of_observations(make_env, seed=0, n_steps=5)
    np.testing.assert_array_equal(noise, _noise_of_observations(make_env, seed=0, n_steps=5))
    assert (noise[:, 1] != _noise_of_observations(make_env, seed=1, n_steps=5)[:, 1]).all()


def test_last_observation_of_an_episode_is_noisy(make_env: Callable[..., Any]) -> None:
    env = ObservationNoise(make_env(lengths=(1,)), std=0.1)
    env.reset(seed=0)
    final = env.step(np.zeros((1, 2)))[4]["final_obs"][0, 0]
    assert final != 1.0
    assert abs(final - 1.0) < 1.0


def test_images_and_modes_stay_clean(make_env: Callable[..., Any], robot_space: spaces.Dict) -> None:
    env = ObservationNoise(make_env(space=robot_space), std=0.5)
    env.reset(seed=0)
    observation, *_ = env.step(np.zeros((3, 2)))
    assert (observation["camera"] == 1).all()
    assert (observation["mode"] == 1).all()
    assert (observation["joints"][:, 0] != 1).all()
    assert observation["joints"].dtype == np.float32


def test_action_noise_stays_within_the_bounds(make_env: Callable[..., Any]) -> None:
    inner = make_env()
    env = ActionNoise(inner, std=[0.5, 0.0])
    env.reset(seed=0)
    seen = []
    for _ in range(200):
        env.step(np.full((3, 2), 0.25, dtype=np.float32))
        seen.append(inner.last_actions)
    actions = np.concatenate(seen)
    assert actions.max() == 1.0
    assert actions.min() >= -1.0
    assert (actions[:, 1] == 0.25).all()
    assert 0.3 < actions[:, 0].std() < 0.5
    assert actions.dtype == np.float32


def test_wrong_standard_deviations_are_refused(make_env: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        ActionNoise(make_env(), std=-0.1)
    with pytest.raises(ValueError, match=r"numbers of shape \(3,\)"):
        ObservationNoise(make_env(), std=[0.1, 0.2])
    with pytest.raises(ValueError, match="Box of a float dtype as action space"):
        ActionNoise(make_env(action_space=spaces.Discrete(2)), std=0.1)
