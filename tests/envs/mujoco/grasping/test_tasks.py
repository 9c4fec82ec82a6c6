"""The registered grasping tasks: spaces, starts, arguments, films."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.envs.mujoco import make_mujoco_vector_env
from rl_pipeline.envs.mujoco.grasping.ids import GRASPING_TASKS
from rl_pipeline.envs.mujoco.grasping.objects import OBJECTS
from rl_pipeline.envs.mujoco.registry import TASKS
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv
from rl_pipeline.policies.observations import as_dict

ACTIONS = {
    **{f"FlatPJ{thing}": 4 for thing in ("Cube", "Sphere", "Cylinder", "Mesh", "All")},
    "FlatPJOrient": 13,
    "FlatPJOrientEuler": 7,
    "FlatPJOrientQuat": 8,
    "FlatPJOrientAxisAngle": 8,
    **{f"FlatSH{thing}": 32 for thing in ("Cube", "Cylinder", "Sphere", "Mesh", "All", "Orient")},
    "UnevenSHCube": 32,
    "UnevenSHMesh": 32,
    "ObstacleSHCube": 32,
    **{f"FlatBarrett{thing}": 16 for thing in ("Cube", "Cylinder", "Sphere", "Mesh", "All")},
    "UnevenBarrettCube": 16,
    "UnevenBarrettMesh": 16,
    "SeaClear": 5,
}
"""Size of an action by task."""


def make(
    name: str, n: int = 2, render_mode: str | None = None, kwargs: Mapping[str, Any] | None = None
) -> MujocoVectorEnv:
    environment = SimpleNamespace(
        id=f"{name}-v0", kwargs={"num_threads": 1, **(kwargs or {})}, randomization=None
    )
    return make_mujoco_vector_env(environment, n, render_mode)


def test_the_table_of_actions_names_every_task() -> None:
    assert ACTIONS.keys() == GRASPING_TASKS.keys()
    assert {f"{name}-v0" for name in GRASPING_TASKS} <= TASKS.keys()


@pytest.mark.parametrize("name", ACTIONS)
def test_every_task_resets_steps_and_renders(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GRASPING_TASKS[name], "width", 48)
    monkeypatch.setattr(GRASPING_TASKS[name], "height", 48)
    env = make(name, render_mode="rgb_array")
    observation, infos = env.reset(seed=3)
    goal = 9 if "Orient" in name else 3
    assert env.single_action_space.shape == (ACTIONS[name],)
    assert observation["achieved_goal"].shape == observation["desired_goal"].shape == (2, goal)
    assert not infos["is_success"].any()
    env.action_space.seed(3)
    for step in range(1, 51):
        observation, rewards, terminated, truncated, infos = env.step(env.action_space.sample())
        assert truncated.all() == (step == 50)
        assert not terminated.any()
        assert set(rewards) <= {-1.0, 0.0}
    assert all(np.isfinite(part).all() for part in as_dict(observation).values())
    (frame,) = env.render()
    assert frame.shape == (48, 48, 3)
    assert frame.std() > 5
    env.close()


def test_all_means_one_of_the_objects_in_each_episode() -> None:
    env = make("FlatPJAll", 16)
    env.reset(seed=0)
    task, simulations = env.task, env.simulations
    indices = simulations.userdata[:, 0].astype(int)
    assert set(indices) == set(range(len(OBJECTS)))
    first = env.model.nq - 7 * len(OBJECTS)
    places = simulations.qpos[:, first:].reshape(16, len(OBJECTS), 7)[:, :, 0]
    for row, index in zip(places, indices, strict=True):
        assert abs(row[index]) < 0.2
        assert (np.delete(row, index) < -0.8).all()
    np.testing.assert_array_equal(task.object_pose(simulations)[:, 0], places[np.arange(16), indices])  # type: ignore[attr-defined]


def test_sizes_of_objects_change_by_factor_and_from_episode_to_episode() -> None:
    env = make("FlatPJCube", 8, kwargs={"object_size_multiplier": 1.25, "object_size_range": 0.005})
    env.reset(seed=0)
    growth = env.simulations.userdata[:, 1].copy()
    assert np.ptp(growth) > 0.004
    for _ in range(20):
        observation, *_ = env.step(np.zeros((8, 4)))
    np.testing.assert_allclose(observation["achieved_goal"][:, 2], 0.025 + growth, atol=5e-4)


@pytest.mark.parametrize(
    ("name", "kwargs", "message"),
    [
        ("FlatPJCube", {"n_eigengrasps": 3}, "ParallelJaw has 0 eigengrasps"),
        ("FlatSHCube", {"n_eigengrasps": 99}, "ShadowHand has"),
        ("FlatPJMesh", {"object_size_range": 0.01}, "the size of a mesh cannot vary"),
        ("FlatPJCube", {"object_size_multiplier": 0.0}, "must be greater than 0"),
        ("FlatPJCube", {"angle_min_tolerance": 0.1}, "has no argument of this name"),
        ("FlatPJCube", {"start_grasped": 1.5}, "start_grasped: must be between 0 and 1"),
        ("FlatPJCube", {"start_grasped": 0.6, "start_above": 0.6}, r"start_grasped \(0.6\) leaves of 1"),
        ("FlatPJCube", {"start_grasped": 0.5, "object_size_range": 0.01}, "cannot be combined"),
        ("FlatBarrettSphere", {"start_grasped": 0.5}, "BarrettHand does not hold the sphere"),
        ("FlatPJOrient", {"angle_reduce_factor": 1.0}, "must be greater than 1"),
    ],
)
def test_wrong_arguments_are_refused(name: str, kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(name, kwargs=kwargs)


def test_eigengrasps_replace_the_actuators_of_a_hand() -> None:
    env = make("FlatSHCube", kwargs={"n_eigengrasps": 7})
    assert env.single_action_space.shape == (3 + 9 + 7,)
    env.reset(seed=0)
    controls = []
    for weight in (-1.0, 1.0):
        action = np.zeros((2, 19), np.float32)
        action[0, 12] = weight
        env.step(action)
        controls.append(env.simulations.ctrl.copy())
    assert np.abs(controls[1][0] - controls[0][0]).max() > 0.2
    np.testing.assert_array_equal(controls[0][1], controls[1][1])
    low, high = env.model.actuator_ctrlrange.T
    assert ((controls[0] >= low - 1e-9) & (controls[0] <= high + 1e-9)).all()
