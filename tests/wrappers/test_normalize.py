"""Both normalisers against Stable-Baselines3's VecNormalize."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import VectorEnv
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from rl_pipeline.wrappers.normalize_observation import NormalizeObservation
from rl_pipeline.wrappers.normalize_reward import NormalizeReward

N_STEPS = 300
SEED = 4


class SB3View(VecEnv):
    """The least that VecNormalize needs of a VecEnv."""

    def __init__(self, env: VectorEnv) -> None:
        self.env = env
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)

    def reset(self) -> Any:
        return self.env.reset(seed=SEED)[0]

    def step_async(self, actions: Any) -> None:
        self.actions = actions

    def step_wait(self) -> Any:
        observation, rewards, terminated, truncated, infos = self.env.step(self.actions)
        done = terminated | truncated
        dicts = [
            {"terminal_observation": _row(infos["final_obs"], i)} if done[i] else {} for i in range(len(done))
        ]
        return observation, rewards, done, dicts

    def close(self) -> None: ...

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [None] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None: ...

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        return []

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        return []


def _row(observation: Any, i: int) -> Any:
    return (
        {key: part[i] for key, part in observation.items()}
        if isinstance(observation, dict)
        else observation[i]
    )


def _assert_equal(ours: Any, theirs: Any) -> None:
    if isinstance(ours, dict):
        assert ours.keys() == theirs.keys()
        for key, part in ours.items():
            _assert_equal(part, theirs[key])
    else:
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def _assert_same_statistics(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours.mean, theirs.mean, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.var, theirs.var, rtol=1e-12)
    assert ours.count == theirs.count


def test_vector_and_reward_as_vec_normalize(make_env: Callable[..., Any]) -> None:
    ours = NormalizeReward(NormalizeObservation(make_env(), clip=2.0), gamma=0.9, clip=1.0)
    theirs = VecNormalize(SB3View(make_env()), clip_obs=2.0, clip_reward=1.0, gamma=0.9)
    normalizer = ours.env
    _assert_equal(ours.reset(seed=SEED)[0], theirs.reset())
    n_episodes = 0
    for step in range(N_STEPS):
        if step == 200:
            ours.training = normalizer.training = theirs.training = False
        if step == 100:
            _assert_equal(ours.reset(seed=SEED)[0], theirs.reset())
        observation, rewards, terminated, truncated, infos = ours.step(np.zeros((3, 2)))
        their_observation, their_rewards, _, their_infos = theirs.step(np.zeros((3, 2)))
        _assert_equal(observation, their_observation)
        _assert_equal(rewards.astype(np.float32), their_rewards)
        _assert_equal(normalizer.raw_obs, theirs.get_original_obs())
        _assert_equal(ours.raw_rewards, theirs.get_original_reward())
        np.testing.assert_allclose(ours.returns, theirs.returns, rtol=0, atol=1e-12)
        for i in np.flatnonzero(terminated | truncated):
            n_episodes += 1
            _assert_equal(infos["final_obs"][i], their_infos[i]["terminal_observation"])
    assert n_episodes > 100
    _assert_same_statistics(normalizer.statistics["observation"], theirs.obs_rms)
    _assert_same_statistics(ours.statistics, theirs.ret_rms)


def test_dict_as_vec_normalize_with_images_left_alone(
    make_env: Callable[..., Any], robot_space: spaces.Dict
) -> None:
    ours = NormalizeObservation(make_env(space=robot_space))
    theirs = VecNormalize(SB3View(make_env(space=robot_space)), norm_obs_keys=["joints"], norm_reward=False)
    _assert_equal(ours.reset(seed=SEED)[0], theirs.reset())
    for _ in range(N_STEPS):
        _assert_equal(ours.step(np.zeros((3, 2)))[0], theirs.step(np.zeros((3, 2)))[0])
    assert ours.statistics.keys() == {"joints"}
    _assert_same_statistics(ours.statistics["joints"], theirs.obs_rms["joints"])


def test_observation_space_holds_the_normalized_observations(
    make_env: Callable[..., Any], robot_space: spaces.Dict
) -> None:
    env = NormalizeObservation(make_env(space=robot_space), clip=0.5)
    observation, _ = env.reset(seed=SEED)
    for _ in range(20):
        assert env.observation_space.contains(observation)
        observation = env.step(np.zeros((3, 2)))[0]
    assert env.single_observation_space["camera"] == robot_space["camera"]


def test_raw_final_obs_is_what_the_environment_gave(make_env: Callable[..., Any]) -> None:
    env = NormalizeObservation(make_env(lengths=(2,)))
    env.reset(seed=SEED)
    env.step(np.zeros((1, 2)))
    assert env.raw_final_obs is None
    infos = env.step(np.zeros((1, 2)))[4]
    assert env.raw_final_obs[0, 0] == 2.0
    np.testing.assert_array_equal(infos["final_obs"], env.normalize(env.raw_final_obs))


def test_copied_statistics_do_not_follow_their_source(make_env: Callable[..., Any]) -> None:
    training, evaluation = NormalizeObservation(make_env()), NormalizeObservation(make_env(), training=False)
    training.reset(seed=SEED)
    evaluation.copy_statistics(training)
    observation = np.ones((3, 3), dtype=np.float32)
    before = evaluation.normalize(observation)
    np.testing.assert_array_equal(before, training.normalize(observation))
    training.step(np.zeros((3, 2)))
    evaluation.reset(seed=SEED + 1)
    np.testing.assert_array_equal(evaluation.normalize(observation), before)


def test_image_observations_cannot_be_normalized(
    make_env: Callable[..., Any], image_space: spaces.Box
) -> None:
    with pytest.raises(ValueError, match="Box of a float dtype"):
        NormalizeObservation(make_env(space=image_space))
