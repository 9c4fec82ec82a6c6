from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from rl_pipeline.config.class_spec import ClassSpec
from rl_pipeline.config.environment import Environment, Normalize
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.wrappers.build import find_wrapper, iterate_wrappers, wrap
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation
from rl_pipeline.wrappers.normalize_reward import NormalizeReward
from rl_pipeline.wrappers.record_video import RecordVideo
from rl_pipeline.wrappers.time_limit import TimeLimit

LIMIT = {"name": "time_limit", "arguments": {"max_episode_steps": 4}}
STACK = {"name": "frame_stack", "arguments": {"n_frames": 2}}


def _section(wrappers: list[dict[str, Any]], **keys: Any) -> Environment:
    specs = [ClassSpec(**wrapper) for wrapper in wrappers]
    return Environment(id="Walking-v0").model_copy(update={"wrappers": specs, **keys})


def _names(env: Any) -> list[str]:
    return [type(layer).__name__ for layer in iterate_wrappers(env)]


FULL = _section([LIMIT, STACK], video_wrapper=True, video_trigger=5, video_length=3).model_copy(
    update={"normalize": Normalize(observation=True, reward=True, clip_observation=3.0, clip_reward=4.0)}
)


def test_order_of_training_wrappers(make_env: Callable[..., Any], tmp_path: Path) -> None:
    env = wrap(make_env(), FULL, gamma=0.9, video_folder=tmp_path, n_timesteps_offset=30)
    assert _names(env) == [
        "NormalizeReward",
        "NormalizeObservation",
        "EpisodeStatistics",
        "FrameStack",
        "TimeLimit",
        "RecordVideo",
        "WalkingEnv",
    ]
    reward, observation = find_wrapper(env, NormalizeReward), find_wrapper(env, NormalizeObservation)
    video = find_wrapper(env, RecordVideo)
    assert reward is not None
    assert observation is not None
    assert video is not None
    assert (reward.gamma, reward.clip, observation.clip) == (0.9, 4.0, 3.0)
    assert (video.trigger, video.length, video.n_steps) == (5, 3, 10)
    assert observation.training


def test_evaluation_is_frozen_unscaled_and_unfilmed(make_env: Callable[..., Any], tmp_path: Path) -> None:
    env = wrap(make_env(), FULL, training=False, video_folder=tmp_path)
    assert _names(env)[:2] == ["NormalizeObservation", "EpisodeStatistics"]
    assert find_wrapper(env, RecordVideo) is None
    normalizer = find_wrapper(env, NormalizeObservation)
    assert normalizer is not None
    before = normalizer.state_dict()["statistics"]["observation"]["count"]
    env.reset(seed=0)
    env.step(np.zeros((3, 2)))
    assert normalizer.state_dict()["statistics"]["observation"]["count"] == before


def test_everything_together(make_env: Callable[..., Any], tmp_path: Path) -> None:
    env = wrap(make_env(lengths=(3, 100, 100)), FULL, video_folder=tmp_path)
    observation, _ = env.reset(seed=0)
    lengths: list[int] = []
    for _ in range(12):
        assert env.observation_space.contains(observation)
        observation, rewards, _, _, infos = env.step(np.zeros((3, 2)))
        assert (np.abs(rewards) <= 4.0).all()
        if "episode" in infos:
            assert infos["final_obs"].shape == observation.shape
            np.testing.assert_array_equal(infos["_episode"], infos["_final_obs"])
            lengths += infos["episode"]["l"][infos["_episode"]].tolist()
    env.close()
    assert sorted(lengths) == [3] * 4 + [4] * 6
    assert len(list(tmp_path.glob("*.mp4"))) == 3


def test_nothing_asked_for_changes_nothing(make_env: Callable[..., Any]) -> None:
    inner = make_env()
    assert wrap(inner, _section([], monitor=False)) is inner


def test_refused_wrappers_name_their_key(make_env: Callable[..., Any]) -> None:
    bad_value = _section([STACK, {"name": "time_limit", "arguments": {"max_episode_steps": 0}}])
    with pytest.raises(ConfigError, match=r"environment\.wrappers\.1\.time_limit: max_episode_steps must be"):
        wrap(make_env(), bad_value)
    wrong_type = _section([{"name": "time_limit", "arguments": {"max_episode_steps": "ten"}}])
    with pytest.raises(ConfigError, match=r"environment\.wrappers\.0\.time_limit: "):
        wrap(make_env(), wrong_type)
    with pytest.raises(ConfigError, match="frame_stack"):
        wrap(make_env(), _section([{"name": "frame_stak"}]))


def test_normalization_without_numbers_is_refused(
    make_env: Callable[..., Any], image_space: spaces.Box
) -> None:
    section = _section([], normalize=Normalize(observation=True))
    with pytest.raises(ConfigError, match=r"environment\.normalize\.observation"):
        wrap(make_env(space=image_space), section)


def test_find_wrapper(make_env: Callable[..., Any]) -> None:
    env = wrap(make_env(), _section([LIMIT]))
    assert isinstance(find_wrapper(env, TimeLimit), TimeLimit)
    assert find_wrapper(env, RecordVideo) is None
