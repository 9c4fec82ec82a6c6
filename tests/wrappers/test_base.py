"""What holds for every wrapper: its state is plain data, and from it everything continues bit-exactly."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from rl_pipeline.wrappers.action_history import ActionHistory
from rl_pipeline.wrappers.action_noise import ActionNoise
from rl_pipeline.wrappers.base import StatefulWrapper
from rl_pipeline.wrappers.episode_statistics import EpisodeStatistics
from rl_pipeline.wrappers.frame_stack import FrameStack
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation
from rl_pipeline.wrappers.normalize_reward import NormalizeReward
from rl_pipeline.wrappers.observation_noise import ObservationNoise
from rl_pipeline.wrappers.select_observations import SelectObservations
from rl_pipeline.wrappers.time_limit import TimeLimit


def _selected(env: Any) -> StatefulWrapper:
    indices = [2, 0]
    is_dict = isinstance(env.single_observation_space, spaces.Dict)
    return SelectObservations(env, {"joints": indices} if is_dict else indices)


MAKERS: dict[str, Callable[[Any], StatefulWrapper]] = {
    "action_history": lambda env: ActionHistory(env, 2),
    "action_noise": lambda env: ActionNoise(env, 0.3),
    "episode_statistics": EpisodeStatistics,
    "frame_stack": lambda env: FrameStack(env, 3),
    "normalize_observation": NormalizeObservation,
    "normalize_reward": NormalizeReward,
    "observation_noise": lambda env: ObservationNoise(env, 0.3),
    "select_observations": _selected,
    "time_limit": lambda env: TimeLimit(env, 4),
}


def _assert_plain(state: Any) -> None:
    if isinstance(state, dict):
        assert all(type(key) is str for key in state)
        state = list(state.values())
    if isinstance(state, list):
        for item in state:
            _assert_plain(item)
    else:
        assert state is None or type(state) in (bool, int, float, str, np.ndarray), type(state)


def _steps(env: StatefulWrapper, n_steps: int) -> list[Any]:
    generator = np.random.default_rng(1)
    results = []
    for _ in range(n_steps):
        observation, rewards, terminated, truncated, infos = env.step(generator.uniform(-1, 1, (3, 2)))
        infos.get("episode", {}).pop("t", None)
        results.append([observation, rewards, terminated, truncated, infos, env.env.last_actions])
    return results


def _assert_identical(a: Any, b: Any) -> None:
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        a, b = list(a.values()), list(b.values())
    if isinstance(a, list):
        for left, right in zip(a, b, strict=True):
            _assert_identical(left, right)
    else:
        np.testing.assert_array_equal(a, b, strict=True)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("is_dict", [False, True])
def test_continues_to_the_bit(
    name: str, is_dict: bool, make_env: Callable[..., Any], vector_space: spaces.Box, robot_space: spaces.Dict
) -> None:
    space = robot_space if is_dict else vector_space
    env = MAKERS[name](make_env(space=space))
    env.reset(seed=3)
    _steps(env, 7)
    state, simulator = env.state_dict(), env.env.state_dict()
    _assert_plain(state)
    expected = _steps(env, 12)

    restored = MAKERS[name](make_env(space=space))
    restored.reset(seed=99)
    restored.load_state_dict(state)
    restored.env.load_state_dict(simulator)
    _assert_identical(_steps(restored, 12), expected)


@pytest.mark.parametrize("name", MAKERS)
def test_loaded_state_is_not_changed_by_going_on(name: str, make_env: Callable[..., Any]) -> None:
    env = MAKERS[name](make_env())
    env.reset(seed=3)
    _steps(env, 7)
    state = env.state_dict()
    kept = deepcopy(state)
    env.load_state_dict(state)
    _steps(env, 12)
    _assert_identical(state, kept)
