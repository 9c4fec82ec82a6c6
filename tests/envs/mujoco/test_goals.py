"""Tasks with goals on a point that two motors push over a plane."""

import mujoco
import numpy as np
import pytest
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.task import Batch, Task
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv
from tests.envs.mujoco.push import POINT, Push


def test_rewards_of_steps_are_those_computed_from_their_goals() -> None:
    env = MujocoVectorEnv(Push(), 8)
    rng = np.random.default_rng(0)
    observation, infos = env.reset(seed=3)
    assert set(env.single_observation_space) == {"observation", "achieved_goal", "desired_goal"}
    reached = 0
    for step in range(1, 61):
        observation, rewards, _, truncated, infos = env.step(rng.uniform(-1, 1, (8, 2)))
        last = infos["final_obs"] if truncated.any() else observation
        computed = env.compute_reward(last["achieved_goal"], last["desired_goal"], [{}] * 8)
        np.testing.assert_array_equal(rewards, computed)
        np.testing.assert_array_equal(rewards == 0.0, infos["is_success"] == 1.0)
        assert truncated.all() == (step % 30 == 0)
        reached += int((rewards == 0.0).sum())
    assert 0 < reached < 8 * 60


def test_only_tasks_with_goals_compute_rewards() -> None:
    class NoGoal(Task):
        model = mujoco.MjSpec.from_string(POINT)

        def observe(self, batch: Batch) -> np.ndarray:
            return batch.qpos

        def reward(self, batch: Batch, action: np.ndarray) -> NDArray[np.floating]:
            return np.zeros(batch.n)

    without, with_goal = MujocoVectorEnv(NoGoal(), 2), MujocoVectorEnv(Push(), 2)
    assert with_goal.has_attr("compute_reward")
    assert not without.has_attr("compute_reward")
    with pytest.raises(AttributeError, match="has no goals"):
        without.compute_reward(np.zeros((2, 2)), np.zeros((2, 2)), {})


def test_goals_and_what_the_task_shares_are_saved() -> None:
    env = MujocoVectorEnv(Push(), 4)
    env.reset(seed=1)
    env.task.tolerance = 0.02  # type: ignore[attr-defined]
    for _ in range(5):
        env.step(np.ones((4, 2)))
    state = env.state_dict()
    expected = [env.step(np.ones((4, 2))) for _ in range(40)]

    other = MujocoVectorEnv(Push(), 4)
    other.load_state_dict(state)
    assert other.get_attr("tolerance") == (0.02,) * 4
    for observation, rewards, *_ in expected:
        again, again_rewards, *_ = other.step(np.ones((4, 2)))
        np.testing.assert_array_equal(rewards, again_rewards)
        for key in observation:
            np.testing.assert_array_equal(observation[key], again[key])


def test_a_goal_task_is_a_goal_environment_for_hindsight_replay() -> None:
    env = MujocoVectorEnv(Push(), 2)
    assert isinstance(env.single_observation_space, spaces.Dict)
    goals = np.array([[[0.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [0.5, 0.5]]])
    np.testing.assert_array_equal(
        env.compute_reward(goals, np.zeros_like(goals), {}), [[0.0, -1.0], [-1.0, -1.0]]
    )
