"""The tolerance on angles shrinks with the success of a training, and is saved with it."""

import numpy as np
import pytest

from rl_pipeline.envs.mujoco.grasping import curriculum
from rl_pipeline.envs.mujoco.grasping.curriculum import EPISODES, Curriculum
from rl_pipeline.envs.mujoco.grasping.orient import OrientGrasp
from rl_pipeline.envs.mujoco.grasping.rotations import matrix, six_numbers
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv


def test_the_tolerance_shrinks_when_enough_episodes_succeed() -> None:
    steps = Curriculum(factor=2.0, minimum=0.5, performance=0.75)
    steps.count(np.arange(EPISODES) >= EPISODES // 4)  # three quarters are not more than three quarters
    assert steps.tolerance == np.pi
    for expected in (np.pi / 2, np.pi / 4, 0.5):
        assert not steps.is_done
        steps.count(np.ones(EPISODES, np.bool_))
        assert steps.tolerance == expected
    assert steps.is_done


def test_a_frozen_curriculum_counts_nothing() -> None:
    steps = Curriculum(2.0, 0.5, 0.0)
    steps.is_frozen = True
    steps.count(np.ones(2 * EPISODES, np.bool_))
    assert steps.tolerance == np.pi


def test_success_needs_the_tolerated_angle() -> None:
    task = OrientGrasp()
    angles = np.array([0.0, 0.3, 1.0, 3.0])
    turned = np.stack((np.cos(angles / 2), 0 * angles, 0 * angles, np.sin(angles / 2)), 1)
    achieved = np.concatenate((np.zeros((4, 3)), six_numbers(matrix(turned))), 1)
    desired = achieved[:1].repeat(4, 0)
    for tolerance, expected in ((np.pi, [1, 1, 1, 1]), (0.5, [1, 1, 0, 0]), (0.2, [1, 0, 0, 0])):
        task.curriculum.tolerance = tolerance
        np.testing.assert_array_equal(task.is_success(achieved, desired), expected)
        np.testing.assert_array_equal(task.compute_reward(achieved, desired), np.array(expected) - 1.0)
    assert not task.is_success(achieved + 0.05, achieved).any()


def test_ended_episodes_of_all_simulations_count_and_are_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curriculum, "EPISODES", 12)
    task = OrientGrasp(angle_reduce_performance=0.0)
    env = MujocoVectorEnv(task, 8, num_threads=1)
    env.reset(seed=0)
    monkeypatch.setattr(task, "is_success", lambda achieved, desired: np.ones(len(achieved), np.bool_))
    for _ in range(50):
        env.step(np.zeros((8, 13)))
    assert env.get_attr("early_stop_ok") == (False,) * 8
    state = env.state_dict()
    other = MujocoVectorEnv(OrientGrasp(angle_reduce_performance=0.0), 8, num_threads=1)
    other.load_state_dict(state)
    monkeypatch.setattr(other.task, "is_success", task.is_success)
    for one in (env, other):
        for _ in range(50):
            *_, infos = one.step(np.zeros((8, 13)))
        assert one.state_dict()["task"] == {"tolerance": np.pi / 1.25, "successes": []}
        np.testing.assert_array_equal(infos["angle_tolerance"], np.pi)
        *_, infos = one.step(np.zeros((8, 13)))
        np.testing.assert_array_equal(infos["angle_tolerance"], np.pi / 1.25)


def test_an_evaluation_follows_the_tolerance_of_the_training_and_counts_nothing() -> None:
    training, evaluation = (MujocoVectorEnv(OrientGrasp(), 1, num_threads=1) for _ in range(2))
    training.task.curriculum.tolerance = 0.7  # type: ignore[attr-defined]
    evaluation.follow(training.shared_state())
    followed = evaluation.task.curriculum  # type: ignore[attr-defined]
    assert followed.tolerance == 0.7
    followed.count(np.ones(2 * EPISODES, np.bool_))
    assert followed.tolerance == 0.7
