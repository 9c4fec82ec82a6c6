"""Episodes that start with the object in the gripper."""

import numpy as np
import pytest

from rl_pipeline.envs.mujoco.grasping.ids import GRASPING_TASKS
from rl_pipeline.envs.mujoco.grasping.starts import GOAL_HEIGHT
from rl_pipeline.envs.mujoco.grasping.task import GOAL
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


def test_a_part_of_the_episodes_starts_so_with_the_same_goals() -> None:
    seeds, tasks = range(80), [GRASPING_TASKS["FlatPJCube"](start_grasped=share) for share in (0.0, 0.5)]
    for task in tasks:
        task.setup(task.load_model())
    starts = [[task.reset(np.random.default_rng(seed)) for seed in seeds] for task in tasks]
    pairs = list(zip(*starts, strict=True))
    for free, mixed in pairs:
        np.testing.assert_array_equal(free["mocap_pos"][GOAL], mixed["mocap_pos"][GOAL])
        np.testing.assert_array_equal(free["qpos"][-7:-5], mixed["qpos"][-7:-5])
    held = [mixed["ctrl"][0] == 0.0 for _, mixed in pairs]
    assert 25 < sum(held) < 55
    assert not any(free["ctrl"][0] == 0.0 for free, _ in pairs)


def test_held_episodes_resume_exactly() -> None:
    envs = [
        MujocoVectorEnv(GRASPING_TASKS["FlatPJCube"](start_grasped=0.5), 4, num_threads=1) for _ in range(2)
    ]
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, (80, 4, 4)).astype(np.float32)
    for env in envs:
        env.reset(seed=1)
    for action in actions[:30]:
        envs[0].step(action)
    envs[1].load_state_dict(envs[0].state_dict())
    for action in actions[30:]:
        one, other = (as_dict(env.step(action)[0])["observation"] for env in envs)
        np.testing.assert_array_equal(one, other)
