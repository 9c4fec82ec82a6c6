from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from rl_pipeline.wrappers.episode_statistics import EpisodeStatistics
from rl_pipeline.wrappers.frame_stack import FrameStack
from rl_pipeline.wrappers.time_limit import TimeLimit


def test_long_episodes_are_truncated_and_reset_in_the_same_step(make_env: Callable[..., Any]) -> None:
    env = TimeLimit(make_env(lengths=(3, 100)), max_episode_steps=5)
    env.reset(seed=0)
    ends = []
    for step in range(1, 11):
        observation, _, terminated, truncated, infos = env.step(np.zeros((2, 2)))
        done = terminated | truncated
        ends.append(done)
        assert ("final_obs" in infos) == done.any()
        if done.any():
            np.testing.assert_array_equal(infos["_final_obs"], done)
            np.testing.assert_array_equal(infos["final_obs"][done, 0], np.array([3.0, 5.0])[done])
            np.testing.assert_array_equal(observation[done, 0], 0.0)
        assert truncated[1] == (step % 5 == 0)
        assert not terminated[1]
    assert [step for step, done in enumerate(ends, 1) if done[0]] == [3, 6, 9]


def test_unfinished_environments_go_on_undisturbed(make_env: Callable[..., Any]) -> None:
    env = TimeLimit(make_env(lengths=(100, 4)), max_episode_steps=6)
    env.reset(seed=0)
    counts = [env.step(np.zeros((2, 2)))[0][1, 0] for _ in range(8)]
    assert counts == [1, 2, 3, 0, 1, 2, 3, 0]


def test_own_end_at_the_limit_stays_the_environments_own(make_env: Callable[..., Any]) -> None:
    inner = make_env(lengths=(4,))
    env = TimeLimit(inner, max_episode_steps=4)
    env.reset(seed=0)
    for _ in range(3):
        env.step(np.zeros((1, 2)))
    inner.episodes[:] = 2  # even episodes terminate
    _, _, terminated, truncated, _ = env.step(np.zeros((1, 2)))
    assert terminated[0]
    assert not truncated[0]
    assert inner.episodes[0] == 3  # reset once, not twice


def test_dict_observations(make_env: Callable[..., Any], robot_space: spaces.Dict) -> None:
    env = TimeLimit(make_env(lengths=(100, 3), space=robot_space), max_episode_steps=2)
    env.reset(seed=0)
    env.step(np.zeros((2, 2)))
    observation, _, _, truncated, infos = env.step(np.zeros((2, 2)))
    assert truncated.all()
    assert (infos["final_obs"]["camera"] == 2).all()
    assert (observation["camera"] == 0).all()
    assert (infos["final_obs"]["mode"] == 2).all()


def test_wrappers_inside_and_outside_see_the_truncation(make_env: Callable[..., Any]) -> None:
    env = EpisodeStatistics(TimeLimit(FrameStack(make_env(lengths=(100, 2)), 2), max_episode_steps=3))
    env.reset(seed=0)
    for _ in range(2):
        env.step(np.zeros((2, 2)))
    observation, _, _, _, infos = env.step(np.zeros((2, 2)))
    np.testing.assert_array_equal(observation[0, [0, 3]], [0, 0])
    np.testing.assert_array_equal(observation[1, [0, 3]], [0, 1])
    np.testing.assert_array_equal(infos["final_obs"][0, [0, 3]], [2, 3])
    assert infos["episode"]["l"][0] == 3
    np.testing.assert_array_equal(infos["_episode"], [True, False])


def test_limit_below_one_is_refused(make_env: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="max_episode_steps must be at least 1, got 0"):
        TimeLimit(make_env(), 0)
