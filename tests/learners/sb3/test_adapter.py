from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.utils import is_masking_supported
from stable_baselines3 import A2C, PPO, SAC, HerReplayBuffer
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from rl_pipeline.envs.gymnasium.in_process import InProcessVectorEnv
from rl_pipeline.envs.gymnasium.make import EnvMaker
from rl_pipeline.envs.gymnasium.workers import WorkerVectorEnv
from rl_pipeline.learners.sb3.adapter import SB3Adapter
from rl_pipeline.wrappers.episode_statistics import EpisodeStatistics
from tests.envs.sample_envs import CountingEnv, DictEnv, MaskedEnv
from tests.envs.trajectories import assert_equal

Makers = list[Callable[[], gymnasium.Env]]


def makers(environment_id: str, n: int, **kwargs: Any) -> Makers:
    return [EnvMaker(environment_id, kwargs)] * n


def parameters(model: BaseAlgorithm) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in model.policy.state_dict().items()}


def train_ppo(env: VecEnv, **kwargs: Any) -> PPO:
    torch.set_num_threads(1)
    model = PPO("MlpPolicy", env, n_steps=64, batch_size=32, n_epochs=2, seed=3, device="cpu", **kwargs)
    return model.learn(400)


@pytest.mark.parametrize("environment_id", ["CartPole-v1", "Pendulum-v1"])
def test_training_equals_that_with_sb3s_own_vec_env_to_the_bit(environment_id: str) -> None:
    fns = makers(environment_id, 3, max_episode_steps=50)
    ours = train_ppo(SB3Adapter(EpisodeStatistics(InProcessVectorEnv(fns))))
    theirs = train_ppo(DummyVecEnv([lambda: Monitor(fns[0]())] * 3))
    assert_equal(parameters(ours), parameters(theirs))
    for name in ("observations", "actions", "rewards", "advantages", "returns", "log_probs"):
        np.testing.assert_array_equal(
            getattr(ours.rollout_buffer, name), getattr(theirs.rollout_buffer, name)
        )
    assert [e["r"] for e in ours.ep_info_buffer] == pytest.approx([e["r"] for e in theirs.ep_info_buffer])
    assert [e["l"] for e in ours.ep_info_buffer] == [e["l"] for e in theirs.ep_info_buffer]


def test_training_with_workers_equals_training_in_process() -> None:
    fns = makers("CartPole-v1", 3)
    workers = SB3Adapter(WorkerVectorEnv(fns, 2))
    try:
        assert_equal(
            parameters(train_ppo(workers)), parameters(train_ppo(SB3Adapter(InProcessVectorEnv(fns))))
        )
    finally:
        workers.close()


def test_steps_equal_those_of_sb3s_own_vec_env() -> None:
    ours, theirs = SB3Adapter(InProcessVectorEnv([DictEnv] * 2)), DummyVecEnv([DictEnv] * 2)
    for env in (ours, theirs):
        env.seed(5)
    assert_equal(dict(ours.reset()), dict(theirs.reset()))
    for step in range(12):
        actions = np.full((2, 4), step % 2)
        mine, other = ours.step(actions), theirs.step(actions)
        assert_equal([dict(mine[0]), *mine[1:3]], [dict(other[0]), *other[1:3]])
        for index in np.flatnonzero(mine[2]):
            for key in ("terminal_observation", "TimeLimit.truncated", "is_success"):
                assert_equal(_plain(mine[3][index][key]), _plain(other[3][index][key]))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: np.asarray(part) for key, part in value.items()}
    return np.asarray(value, dtype=np.float64)


def test_infos_are_empty_until_an_episode_ends() -> None:
    env = SB3Adapter(EpisodeStatistics(InProcessVectorEnv([lambda: CountingEnv(3)] * 2)))
    env.seed(0)
    env.reset()
    *_, infos = env.step(np.array([1, 1]))
    assert infos == [{}, {}]
    env.step(np.array([1, 1]))
    _, rewards, dones, infos = env.step(np.array([0, 1]))
    assert dones.all()
    assert rewards.dtype == np.float32
    assert [info["TimeLimit.truncated"] for info in infos] == [False, True]
    assert [(info["episode"]["r"], info["episode"]["l"]) for info in infos] == [(2.0, 3), (3.0, 3)]
    assert infos[0]["is_success"] == 1.0
    assert env.step(np.array([1, 1]))[3] == [{}, {}]


def test_metrics_of_every_step_are_given_when_asked_for() -> None:
    env = SB3Adapter(InProcessVectorEnv([CountingEnv] * 2), info_keys=["elapsed"])
    env.reset()
    assert env.step(np.array([1, 1]))[3] == [{"elapsed": 1.0}, {"elapsed": 1.0}]


def test_seeds_take_effect_at_the_next_reset_only() -> None:
    env = SB3Adapter(InProcessVectorEnv([CountingEnv] * 2))
    assert env.seed(4) == [4, 5]
    first, second = env.reset(), env.reset()
    assert (first != second).any()
    env.seed(4)
    np.testing.assert_array_equal(env.reset(), first)


def test_methods_and_attributes_of_chosen_environments() -> None:
    env = SB3Adapter(InProcessVectorEnv([CountingEnv] * 3))
    env.reset()
    assert env.env_method("add", 2, factor=3, indices=[0, 2]) == [6, 6]
    assert env.env_method("add", 1, indices=1) == [1]
    env.set_attr("length", 9, indices=1)
    assert env.get_attr("length") == [5, 9, 5]
    assert env.get_attr("add", indices=0)[0](1) == 1  # a method is returned, not called
    assert env.has_attr("add")
    assert not env.has_attr("legs")
    assert env.get_attr("render_mode") == [None] * 3


def test_wrappers_are_found_in_the_batch_and_in_its_environments() -> None:
    plain = SB3Adapter(InProcessVectorEnv(makers("CartPole-v1", 2)))
    assert plain.env_is_wrapped(gymnasium.wrappers.TimeLimit) == [True, True]
    assert plain.env_is_wrapped(gymnasium.wrappers.ClipAction, indices=0) == [False]
    assert plain.env_is_wrapped(Monitor) == [False, False]
    monitored = SB3Adapter(EpisodeStatistics(plain.env))
    assert monitored.env_is_wrapped(Monitor) == [True, True]


def test_sb3s_evaluation_reads_our_episodes() -> None:
    env = SB3Adapter(EpisodeStatistics(InProcessVectorEnv([lambda: CountingEnv(4)] * 2)))
    model = A2C("MlpPolicy", env, device="cpu", seed=0)
    _, lengths = evaluate_policy(model, env, n_eval_episodes=4, return_episode_rewards=True)
    assert lengths == [4, 4, 4, 4]


def test_frames_are_those_of_environment_0() -> None:
    fns = [
        lambda: gymnasium.make("CartPole-v1", render_mode="rgb_array"),
        lambda: gymnasium.make("CartPole-v1"),
    ]
    env = SB3Adapter(InProcessVectorEnv(fns))
    env.reset()
    frame = env.render()
    assert frame is not None
    assert frame.shape == (400, 600, 3)
    env.close()
    assert SB3Adapter(InProcessVectorEnv([CountingEnv])).render() is None


def test_hindsight_replay_of_a_goal_environment() -> None:
    env = SB3Adapter(InProcessVectorEnv(makers("FetchReach-v4", 2)))
    buffer = {"n_sampled_goal": 4, "goal_selection_strategy": "future"}
    model = SAC(
        "MultiInputPolicy",
        env,
        replay_buffer_class=HerReplayBuffer,
        replay_buffer_kwargs=buffer,
        learning_starts=110,
        policy_kwargs={"net_arch": [16]},
        seed=0,
        device="cpu",
    )
    model.learn(130)
    assert model._n_updates > 0
    sampled = model.replay_buffer.sample(64)
    assert (sampled.rewards == 0).any()  # relabelled goals are reached
    assert env.env_method("compute_reward", np.zeros((5, 3)), np.ones((5, 3)), [{}] * 5, indices=[0])[
        0
    ].shape == (5,)


def test_masked_actions_are_never_taken() -> None:
    env = SB3Adapter(InProcessVectorEnv([MaskedEnv] * 2))
    assert is_masking_supported(env)
    assert not is_masking_supported(SB3Adapter(InProcessVectorEnv([CountingEnv])))
    model = MaskablePPO("MlpPolicy", env, n_steps=32, batch_size=32, seed=0, device="cpu")
    model.learn(128)
    assert 1 not in model.rollout_buffer.actions


def test_dict_observations_with_an_image_and_multi_binary_actions() -> None:
    env = SB3Adapter(InProcessVectorEnv([DictEnv] * 2))
    model = PPO("MultiInputPolicy", env, n_steps=8, batch_size=8, n_epochs=1, seed=0, device="cpu").learn(16)
    assert model.rollout_buffer.observations["camera"].shape[-3:] == (3, 36, 36)


@pytest.mark.parametrize(
    "space",
    [
        spaces.Tuple((spaces.Discrete(2), spaces.Discrete(2))),
        spaces.Dict(arm=spaces.Dict(angle=spaces.Box(-1, 1, (2,)))),
    ],
)
def test_nested_observations_are_refused(space: spaces.Space) -> None:
    def make() -> gymnasium.Env:
        env = CountingEnv()
        env.observation_space = space
        return env

    with pytest.raises(TypeError, match=r"cannot use the part .* of the observation space"):
        SB3Adapter(InProcessVectorEnv([make]))


@pytest.mark.parametrize(
    ("space", "dtype"),
    [
        (spaces.Box(-1, 1, (2,), np.float32), np.float32),
        (spaces.Discrete(3), np.int64),
        (spaces.MultiDiscrete([2, 3]), np.int64),
        (spaces.MultiBinary(3), np.int8),
    ],
)
def test_actions_arrive_in_the_dtype_of_the_space(space: spaces.Space, dtype: type) -> None:
    seen: list[Any] = []

    class Acting(CountingEnv):
        action_space = space

        def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
            seen.append(action)
            return super().step(1)

    env = SB3Adapter(InProcessVectorEnv([Acting] * 2))
    PPO("MlpPolicy", env, n_steps=4, batch_size=4, n_epochs=1, seed=0, device="cpu").learn(8)
    assert {action.dtype for action in seen} == {np.dtype(dtype)}
    assert all(space.contains(action) for action in seen)
