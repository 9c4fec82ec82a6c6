import numpy as np
import pytest
import torch
from gymnasium.vector import VectorEnv
from stable_baselines3 import A2C
from stable_baselines3.common.base_class import BaseAlgorithm

from rl_pipeline.config.schema import Config
from rl_pipeline.learners.random_state import random_state
from rl_pipeline.learners.sb3.adapter import SB3Adapter
from rl_pipeline.learners.sb3.build import build_model
from rl_pipeline.learners.sb3.policy import SB3Policy
from rl_pipeline.run.environments import (
    load_normalizer_state,
    make_evaluation_env,
    make_training_env,
    normalizer_state,
)
from rl_pipeline.run.evaluate import Evaluation, evaluate

from .conftest import MakeConfig, sample_env

NORMALIZE = "environment.normalize=true"


def make_model(config: Config, env: VectorEnv) -> BaseAlgorithm:
    return build_model(config.training, SB3Adapter(env), seed=0, device="cpu")


def test_every_environment_plays_its_share_of_the_episodes(make_config: MakeConfig) -> None:
    config = make_config(sample_env(), "a2c")
    env = make_evaluation_env(config, 3)
    # Environment 0 has short episodes, and must not be counted more often for it.
    env.unwrapped.set_attr("length", [2, 4, 20])
    result = evaluate(SB3Policy(make_model(config, env)), env, n_episodes=7, seed=0)
    assert sorted(result.lengths) == [2, 2, 2, 4, 4, 20, 20]
    assert sorted(result.metrics["distance_final"]) == sorted(result.lengths)
    assert result.summary()["eval/mean_ep_length"] == pytest.approx(54 / 7)


def test_no_more_environments_than_episodes_are_made(make_config: MakeConfig) -> None:
    config = make_config(sample_env(), "a2c", "environment.n_environments=4", "environment.n_workers=2")
    assert make_evaluation_env(config, 3).num_envs == 3
    assert make_evaluation_env(config, 1000).num_envs == 10


def test_the_same_seed_gives_the_same_episodes(make_config: MakeConfig) -> None:
    config = make_config(sample_env(), "a2c")
    env = make_evaluation_env(config, 2)
    model = make_model(config, env)
    first = evaluate(SB3Policy(model), env, n_episodes=4, seed=3)
    assert evaluate(SB3Policy(model), env, n_episodes=4, seed=3) == first
    assert evaluate(SB3Policy(model), env, n_episodes=4, seed=4) != first
    sampled = evaluate(SB3Policy(model), env, n_episodes=4, seed=3, deterministic=False)
    assert evaluate(SB3Policy(model), env, n_episodes=4, seed=3, deterministic=False) == sampled
    assert sampled != first


def test_the_random_state_is_put_back(make_config: MakeConfig) -> None:
    config = make_config(sample_env(), "a2c")
    env = make_evaluation_env(config, 2)
    model = make_model(config, env)
    before = random_state()
    evaluate(SB3Policy(model), env, n_episodes=2, seed=3, deterministic=False)
    after = random_state()
    np.testing.assert_equal(after, before)


def test_statistics_are_those_of_the_training_and_stay_frozen(make_config: MakeConfig) -> None:
    config = make_config(sample_env(), "a2c", NORMALIZE)
    training_env = make_training_env(config, videos=None)  # type: ignore[arg-type]
    training_env.reset(seed=0)
    for _ in range(25):
        training_env.step(training_env.action_space.sample())
    trained = normalizer_state(training_env)
    env = make_evaluation_env(config, 2)
    load_normalizer_state(env, trained)
    evaluate(SB3Policy(make_model(config, training_env)), env, n_episodes=4, seed=0)
    np.testing.assert_equal(normalizer_state(env)["observation"], trained["observation"])
    np.testing.assert_equal(normalizer_state(training_env), trained)


def test_returns_are_sums_of_the_rewards_of_the_task(make_config: MakeConfig) -> None:
    results = []
    for override in ("environment.normalize=false", "environment.normalize={reward: true}"):
        config = make_config(sample_env(), "a2c", override)
        env = make_evaluation_env(config, 2)
        results.append(evaluate(SB3Policy(make_model(config, env)), env, n_episodes=2, seed=0))
    assert results[0].returns == results[1].returns
    assert all(40 < value < 70 for value in results[0].returns)


def test_exploration_layers_are_off_and_the_memory_is_forgotten(make_config: MakeConfig) -> None:
    config = make_config(sample_env(), "recurrentppo", "training.algorithm_parameters.n_steps=8")
    env = make_evaluation_env(config, 1)
    model = make_model(config, env)
    model.policy.set_training_mode(True)
    with torch.no_grad():  # make the policy depend strongly on what it remembers
        for parameter in model.policy.parameters():
            parameter.mul_(5)
    result = evaluate(SB3Policy(model), env, n_episodes=2, seed=0)
    again = evaluate(SB3Policy(model), env, n_episodes=1, seed=0)
    assert result.returns[0] == again.returns[0]
    assert not model.policy.training


def test_a_summary_names_the_success_rate_once() -> None:
    result = Evaluation()
    for success in (1.0, 0.0):
        result.add(
            {"r": np.array([1.0]), "l": np.array([2]), "t": np.array([0.1]), "success": np.array([success])},
            0,
        )
    assert result.summary() == {
        "eval/mean_reward": 1.0,
        "eval/std_reward": 0.0,
        "eval/min_reward": 1.0,
        "eval/max_reward": 1.0,
        "eval/mean_ep_length": 2.0,
        "eval/success_rate": 0.5,
    }


def test_models_of_the_stock_library_are_evaluated_as_well(make_config: MakeConfig) -> None:
    env = make_evaluation_env(make_config(sample_env(), "a2c"), 2)
    result = evaluate(SB3Policy(A2C("MlpPolicy", SB3Adapter(env), seed=0)), env, n_episodes=2, seed=0)
    assert result.lengths == [10, 10]
