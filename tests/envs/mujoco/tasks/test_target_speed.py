"""HalfCheetah at a target speed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rl_pipeline.config.environment import Environment
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.loading import load_config
from rl_pipeline.envs.factory import make_vector_env

CONFIG = Path(__file__).parents[4] / "configs" / "halfcheetah_speed_ppo.yaml"


def make(n: int, speeds: list[float]) -> Any:
    section = {
        "id": "HalfCheetahSpeed-v0",
        "backend": "mujoco",
        "n_environments": n,
        "kwargs": {"target_speeds": speeds},
    }
    return make_vector_env(Environment.model_validate(section))


def test_draws_a_speed_for_every_episode_and_rewards_it() -> None:
    env = make(32, [1.0, 2.0, 4.0])
    observations, _ = env.reset(seed=3)
    targets = observations[:, -1]
    assert set(targets) == {1.0, 2.0, 4.0}
    actions = np.full((32, 6), 0.5, np.float32)
    observations, rewards, _, _, infos = env.step(actions)
    np.testing.assert_array_equal(observations[:, -1], targets)
    np.testing.assert_array_equal(infos["target_speed"], targets)
    distance = np.abs(infos["x_velocity"] - targets)
    np.testing.assert_allclose(rewards, targets - distance - 0.1 * 6 * 0.25, atol=1e-12)


def test_names_the_target_speed() -> None:
    env = make(1, [2.0])
    names = env.task.observation_names(env.model)["observation"]
    assert names[-2:] == ("ffoot.velocity", "target_speed")
    assert env.task.units(env.model)["target_speed"] == "m/s"
    assert len(names) == env.single_observation_space.shape[0]


@pytest.mark.parametrize("speeds", [[], [float("nan")]])
def test_refuses_speeds_that_are_none(speeds: list[float]) -> None:
    with pytest.raises((ConfigError, ValueError), match=r"at least one finite number"):
        make(1, speeds)


def test_the_example_makes_its_environment() -> None:
    environment = load_config(CONFIG).config.environment
    assert make_vector_env(environment, n_environments=1).single_observation_space.shape == (18,)
