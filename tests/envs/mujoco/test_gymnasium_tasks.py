"""Every task against Gymnasium's environment of the same name, under the same seeds and actions."""

from typing import Any

import gymnasium
import numpy as np
import pytest

from rl_pipeline.envs.mujoco.registry import TASKS
from tests.envs.mujoco.batches import make_batch

IDS = sorted(name for name in TASKS if name.endswith("-v5"))
SEED = 7
STEPS = 1000
OTHER_ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "HalfCheetah-v5": [
        {
            "forward_reward_weight": 0.7,
            "ctrl_cost_weight": 0.3,
            "reset_noise_scale": 0.05,
            "exclude_current_positions_from_observation": False,
            "frame_skip": 3,
        },
    ],
    "Hopper-v5": [
        {
            "forward_reward_weight": 2.0,
            "ctrl_cost_weight": 0.01,
            "healthy_reward": 0.5,
            "healthy_state_range": (-3.0, 3.0),
            "healthy_z_range": (0.9, 1.4),
            "healthy_angle_range": (-0.1, 0.1),
            "reset_noise_scale": 0.01,
            "exclude_current_positions_from_observation": False,
        },
        {"terminate_when_unhealthy": False},
    ],
    "Walker2d-v5": [
        {"healthy_z_range": (0.9, 1.4), "healthy_angle_range": (-0.3, 0.3), "healthy_reward": 2.0},
        {
            "terminate_when_unhealthy": False,
            "xml_file": "walker2d.xml",
            "exclude_current_positions_from_observation": False,
        },
    ],
    "Ant-v5": [
        {"include_cfrc_ext_in_observation": False, "main_body": "front_left_leg", "healthy_reward": 0.2},
        {
            "terminate_when_unhealthy": False,
            "contact_force_range": (-5.0, 2.0),
            "contact_cost_weight": 0.1,
            "exclude_current_positions_from_observation": False,
            "reset_noise_scale": 0.2,
        },
    ],
    "Humanoid-v5": [
        {"terminate_when_unhealthy": False, "include_cinert_in_observation": False},
        {
            "include_cvel_in_observation": False,
            "include_qfrc_actuator_in_observation": False,
            "contact_cost_weight": 1e-3,
            "contact_cost_range": (0.1, 2.0),
            "healthy_z_range": (1.2, 1.5),
        },
        {"include_cfrc_ext_in_observation": False, "exclude_current_positions_from_observation": False},
    ],
    "HumanoidStandup-v5": [
        {
            "uph_cost_weight": 2,
            "impact_cost_weight": 1e-4,
            "impact_cost_range": (0.5, 3.0),
            "include_cvel_in_observation": False,
            "exclude_current_positions_from_observation": False,
        },
    ],
    "Swimmer-v5": [{"ctrl_cost_weight": 0.1, "exclude_current_positions_from_observation": False}],
    "Reacher-v5": [{"reward_dist_weight": 2, "reward_control_weight": 0.5, "max_episode_steps": 30}],
    "Pusher-v5": [{"reward_near_weight": 1.5, "reward_dist_weight": 2, "reward_control_weight": 0.5}],
    "InvertedPendulum-v5": [{"reset_noise_scale": 0.1}],
    "InvertedDoublePendulum-v5": [{"healthy_reward": 1.0, "reset_noise_scale": 0.2}],
}


def assert_equal(ours: Any, theirs: Any, what: str) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=what)


def assert_infos_equal(ours: dict[str, Any], theirs: list[dict[str, Any]]) -> None:
    names = set(theirs[0]) - {"TimeLimit.truncated"}
    assert names == {name for name in ours if not name.startswith("_") and name != "final_obs"}
    for name in names:
        assert ours["_" + name].all()
        assert_equal(ours[name], [info[name] for info in theirs], name)


def compare(environment_id: str, n: int, steps: int, **kwargs: Any) -> int:
    """Step both with the same actions and return how many episodes ended."""
    reference = [gymnasium.make(environment_id, **kwargs) for _ in range(n)]
    batch = make_batch(environment_id, n, **kwargs)
    assert batch.single_action_space == reference[0].action_space
    assert batch.single_observation_space == reference[0].observation_space
    assert batch.metadata["render_fps"] == reference[0].metadata["render_fps"]
    started = [env.reset(seed=SEED + i) for i, env in enumerate(reference)]
    observations, infos = batch.reset(seed=SEED)
    assert_equal(observations, [observation for observation, _ in started], "first observation")
    assert_infos_equal(infos, [info for _, info in started])
    batch.action_space.seed(SEED)
    ended = 0
    for step in range(steps):
        actions = batch.action_space.sample() * (0.2 + 0.8 * (step % 100 > 20))
        results = [env.step(action) for env, action in zip(reference, actions, strict=True)]
        observations, rewards, terminated, truncated, infos = batch.step(actions)
        last, their_rewards, their_terminated, their_truncated, their_infos = map(
            list, zip(*results, strict=True)
        )
        assert_equal(rewards, their_rewards, f"reward of step {step}")
        assert terminated.tolist() == their_terminated
        assert truncated.tolist() == their_truncated
        assert_infos_equal(infos, their_infos)
        finished = terminated | truncated
        assert ("final_obs" in infos) == finished.any()
        for i in np.flatnonzero(finished):
            assert_equal(infos["final_obs"][i], last[i], f"final observation of step {step}")
            last[i] = reference[i].reset()[0]
        assert_equal(observations, last, f"observation of step {step}")
        ended += int(finished.sum())
    return ended


@pytest.mark.parametrize("environment_id", IDS)
def test_equal_to_gymnasium(environment_id: str) -> None:
    assert compare(environment_id, 2, STEPS) >= 2


@pytest.mark.parametrize(
    ("environment_id", "kwargs"),
    [(name, kwargs) for name, sets in OTHER_ARGUMENTS.items() for kwargs in sets],
)
def test_equal_with_other_arguments(environment_id: str, kwargs: dict[str, Any]) -> None:
    compare(environment_id, 2, 120, **kwargs)


@pytest.mark.parametrize("environment_id", IDS)
def test_takes_every_argument_of_gymnasium(environment_id: str) -> None:
    reference = gymnasium.make(environment_id, width=64, height=48).unwrapped
    batch = make_batch(environment_id, 1, width=64, height=48, max_geom=500, camera_id=-1)
    assert batch.task.max_episode_steps == gymnasium.spec(environment_id).max_episode_steps
    ours = batch.task.default_camera_config
    theirs = reference.mujoco_renderer.default_cam_config
    assert (ours is None) == (theirs is None)
    for name, value in (theirs or {}).items():
        np.testing.assert_array_equal(ours[name], value)
