"""Scripted grasps: every gripper holds every object by contact alone."""

import mujoco
import numpy as np
import pytest

from rl_pipeline.envs.mujoco.grasping.ids import GRASPING_TASKS
from rl_pipeline.envs.mujoco.grasping.scripted import CARRYING, ScriptedGrasp
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv

from .contacts import DEEPEST, contacts

THINGS = ("Cube", "Sphere", "Cylinder", "Mesh")
LIFT = 0.1


NAMES = [f"Flat{gripper}{thing}" for gripper in ("PJ", "Barrett", "SH") for thing in THINGS] + ["SeaClear"]


@pytest.mark.parametrize("name", NAMES)
def test_every_gripper_lifts_every_object_by_contact_alone(name: str) -> None:
    task = GRASPING_TASKS[name]()
    env = MujocoVectorEnv(task, 3, num_threads=1)
    observation, _ = env.reset(seed=1)
    start = observation["achieved_goal"][:, 2].copy()
    script, deepest = ScriptedGrasp(task, lift=LIFT), 0.0
    for step in range(task.max_episode_steps - 1):
        observation, *_ = env.step(script.act(observation, step))
        if step > CARRYING and step % 4 == 0:
            deepest = min(deepest, *(distance for *_, distance in contacts(env)), 0.0)
    np.testing.assert_allclose(observation["achieved_goal"][:, 2] - start, LIFT, atol=0.01)
    assert deepest > -DEEPEST
    (object_name,) = task.objects
    touching = [
        {one, other} - {object_name} for one, other, _ in contacts(env) if object_name in (one, other)
    ]
    assert touching
    assert all(body.startswith("gripper") for bodies in touching for body in bodies)
    welds = env.model.eq_type == mujoco.mjtEq.mjEQ_WELD
    assert not (env.model.eq_obj2id[welds] == env.model.body(object_name).id).any()


def test_an_object_that_is_let_go_falls() -> None:
    task = GRASPING_TASKS["FlatPJCube"]()
    env = MujocoVectorEnv(task, 1, num_threads=1)
    observation, _ = env.reset(seed=1)
    script = ScriptedGrasp(task, lift=LIFT)
    for step in range(42):
        observation, *_ = env.step(script.act(observation, step))
    assert observation["achieved_goal"][0, 2] > 0.09
    for _ in range(7):
        observation, *_ = env.step(task.action_of(np.zeros((1, 3)), task.gripper.open_control))
    assert observation["achieved_goal"][0, 2] < 0.03


def test_a_script_reaches_the_goals_of_the_parallel_jaw() -> None:
    task = GRASPING_TASKS["FlatPJCube"]()
    env = MujocoVectorEnv(task, 8, num_threads=1)
    observation, _ = env.reset(seed=5)
    script = ScriptedGrasp(task)
    for step in range(task.max_episode_steps):
        observation, rewards, _, truncated, infos = env.step(script.act(observation, step))
    assert truncated.all()
    assert infos["is_success"].all()
    assert (rewards == 0.0).all()
