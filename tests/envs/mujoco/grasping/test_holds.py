"""Episodes that start with the gripper at the object."""

from typing import Any

import numpy as np
import pytest

from rl_pipeline.envs.mujoco.grasping.ids import GRASPING_TASKS
from rl_pipeline.envs.mujoco.grasping.starts import GOAL_HEIGHT
from rl_pipeline.envs.mujoco.grasping.task import GOAL, MOCAP
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv
from rl_pipeline.policies.observations import as_dict

from .contacts import DEEPEST, contacts

SLIP = 0.002
"""Metres by which a held object may move while the gripper stays closed and in its place."""


@pytest.mark.parametrize("name", ["FlatPJAll", "FlatBarrettCube", "UnevenSHCube", "SeaClear"])
def test_an_episode_starts_with_the_object_held_by_contact_alone(name: str) -> None:
    task = GRASPING_TASKS[name](start_grasped=1.0)
    env = MujocoVectorEnv(task, 8, num_threads=1)
    observation, _ = env.reset(seed=2)
    start = as_dict(observation)["achieved_goal"][:, :3]
    touching = [
        (one, other, distance) for one, other, distance in contacts(env) if {one, other} & set(task.objects)
    ]
    assert min(distance for *_, distance in touching) > -DEEPEST
    assert any("gripper" in one + other for one, other, _ in touching)
    still = task.action_of(np.zeros((8, 3)), task.gripper.closed_control)
    for _ in range(10):
        observation, *_ = env.step(still)
    np.testing.assert_allclose(as_dict(observation)["achieved_goal"][:, :3], start, atol=SLIP)
    assert np.ptp(start[:, 2]) > GOAL_HEIGHT / 3


@pytest.mark.parametrize("name", ["FlatPJAll", "FlatBarrettAll", "FlatSHCube"])
def test_an_episode_starts_with_the_open_gripper_above_the_object(name: str) -> None:
    task = GRASPING_TASKS[name](start_above=1.0)
    env = MujocoVectorEnv(task, 8, num_threads=1)
    observation, _ = env.reset(seed=2)
    above = as_dict(observation)["observation"][:, :3] - as_dict(observation)["achieved_goal"]
    np.testing.assert_allclose(above[:, :2], 0.0, atol=1e-3)
    assert above[:, 2].min() < task.gripper.start / 4
    assert above[:, 2].max() > task.gripper.start / 2
    between = [distance for one, other, distance in contacts(env) if "gripper" in one + other]
    assert min(between, default=0.0) > -DEEPEST


def test_shares_of_the_episodes_start_so_with_the_same_goals() -> None:
    shares: list[dict[str, Any]] = [{}, {"start_grasped": 0.25, "start_above": 0.5}]
    tasks = [GRASPING_TASKS["FlatPJCube"](**kwargs) for kwargs in shares]
    for task in tasks:
        task.setup(task.load_model())
    starts = [[task.reset(np.random.default_rng(seed)) for seed in range(100)] for task in tasks]
    n_grasped = n_above = 0
    for usual, mixed in zip(*starts, strict=True):
        np.testing.assert_array_equal(usual["mocap_pos"][GOAL], mixed["mocap_pos"][GOAL])
        np.testing.assert_array_equal(usual["qpos"][-7:-5], mixed["qpos"][-7:-5])
        is_grasped = mixed["ctrl"][0] != usual["ctrl"][0]
        n_grasped += is_grasped
        n_above += not is_grasped and (mixed["mocap_pos"][MOCAP] != usual["mocap_pos"][MOCAP]).any()
    assert 13 <= n_grasped <= 37
    assert 37 <= n_above <= 63


def test_such_episodes_resume_exactly() -> None:
    tasks = [GRASPING_TASKS["FlatPJCube"](start_grasped=0.5, start_above=0.2) for _ in range(2)]
    envs = [MujocoVectorEnv(task, 4, num_threads=1) for task in tasks]
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, (80, 4, 4)).astype(np.float32)
    for env in envs:
        env.reset(seed=1)
    for action in actions[:30]:
        envs[0].step(action)
    envs[1].load_state_dict(envs[0].state_dict())
    for action in actions[30:]:
        one, other = (as_dict(env.step(action)[0])["observation"] for env in envs)
        np.testing.assert_array_equal(one, other)
