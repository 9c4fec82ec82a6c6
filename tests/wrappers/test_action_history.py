from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from rl_pipeline.wrappers.action_history import ActionHistory


def test_last_actions_follow_the_observation(make_env: Callable[..., Any]) -> None:
    env = ActionHistory(make_env(lengths=(3, 100)), n_actions=2)
    observation, _ = env.reset(seed=0)
    assert env.single_observation_space.shape == (7,)
    assert observation.dtype == np.float32
    np.testing.assert_array_equal(observation[:, 3:], 0)
    for step in (1, 2):
        observation, *_ = env.step(np.full((2, 2), step / 10))
    np.testing.assert_allclose(observation[:, 3:], [[0.1, 0.1, 0.2, 0.2]] * 2)
    observation, _, _, _, infos = env.step(np.full((2, 2), 0.3))
    np.testing.assert_allclose(infos["final_obs"][0, 3:], [0.2, 0.2, 0.3, 0.3])
    np.testing.assert_allclose(observation[:, 3:], [[0, 0, 0, 0], [0.2, 0.2, 0.3, 0.3]])
    assert env.observation_space.contains(observation)


def test_dict_gets_a_key(make_env: Callable[..., Any], robot_space: spaces.Dict) -> None:
    env = ActionHistory(make_env(space=robot_space), n_actions=1)
    env.reset(seed=0)
    observation, *_ = env.step(np.full((3, 2), 0.5))
    assert env.observation_space.contains(observation)
    np.testing.assert_array_equal(observation["action_history"], np.full((3, 2), 0.5))


def test_discrete_actions_are_one_hot(make_env: Callable[..., Any]) -> None:
    env = ActionHistory(make_env(action_space=spaces.Discrete(4)), n_actions=1)
    env.reset(seed=0)
    observation, *_ = env.step(np.array([0, 3, 1]))
    np.testing.assert_array_equal(observation[:, 3:], np.eye(4)[[0, 3, 1]])


def test_image_observations_are_refused(make_env: Callable[..., Any], image_space: spaces.Box) -> None:
    with pytest.raises(ValueError, match="vector of floats"):
        ActionHistory(make_env(space=image_space), n_actions=1)
