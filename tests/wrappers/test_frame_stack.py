from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from rl_pipeline.wrappers.frame_stack import FrameStack


def test_vectors_are_joined_oldest_first(make_env: Callable[..., Any]) -> None:
    env = FrameStack(make_env(lengths=(3, 100)), n_frames=3)
    first, _ = env.reset(seed=0)
    np.testing.assert_array_equal(first[:, 0::3], 0)
    assert env.single_observation_space.shape == (9,)
    for expected in ([0, 0, 1], [0, 1, 2]):
        observation, *_ = env.step(np.zeros((2, 2)))
        np.testing.assert_array_equal(observation[:, 0::3], [expected, expected])
    observation, _, _, _, infos = env.step(np.zeros((2, 2)))
    np.testing.assert_array_equal(infos["final_obs"][0, 0::3], [1, 2, 3])
    np.testing.assert_array_equal(observation[:, 0::3], [[0, 0, 0], [1, 2, 3]])
    np.testing.assert_array_equal(observation[0, 1::3], [2, 2, 2])  # no frame of the episode before


def test_images_are_joined_along_channels(make_env: Callable[..., Any], image_space: spaces.Box) -> None:
    env = FrameStack(make_env(space=image_space), n_frames=2)
    env.reset(seed=0)
    observation, *_ = env.step(np.zeros((3, 2)))
    assert env.observation_space.contains(observation)
    assert observation.shape == (3, 4, 5, 6)
    np.testing.assert_array_equal(observation[0, 0, 0], [0, 0, 0, 1, 1, 1])


def test_channels_first_images_keep_their_layout(make_env: Callable[..., Any]) -> None:
    env = make_env()
    env.single_observation_space = spaces.Box(0, 255, (3, 64, 48), np.uint8)
    assert FrameStack(env, n_frames=4).single_observation_space.shape == (12, 64, 48)


def test_dict_stacks_boxes_only(make_env: Callable[..., Any], robot_space: spaces.Dict) -> None:
    env = FrameStack(make_env(space=robot_space), n_frames=2)
    env.reset(seed=0)
    for _ in range(4):
        observation, *_ = env.step(np.zeros((3, 2)))
        assert env.observation_space.contains(observation)
    assert observation["joints"].shape == (3, 6)
    np.testing.assert_array_equal(observation["mode"], [1, 1, 1])


def test_observations_may_be_kept(make_env: Callable[..., Any]) -> None:
    env = FrameStack(make_env(lengths=(3,)), n_frames=2)
    kept = [env.reset(seed=0)[0]] + [env.step(np.zeros((1, 2)))[0] for _ in range(5)]
    assert [observation[0, 3] for observation in kept] == [0, 1, 2, 0, 1, 2]


def test_no_frames_are_refused(make_env: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="n_frames must be at least 1, got 0"):
        FrameStack(make_env(), 0)
