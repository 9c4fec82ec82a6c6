"""The Fetch tasks against gymnasium-robotics' environments of the same names, under the same seeds and actions."""

import importlib.util
from typing import Any

import gymnasium
import numpy as np
import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.envs.gymnasium.make import EnvMaker
from rl_pipeline.envs.mujoco.registry import TASKS
from rl_pipeline.envs.registry import find_spec
from tests.envs.mujoco.batches import make_batch

IDS = sorted(name for name in TASKS if name.startswith("Fetch"))
SPARSE = [name for name in IDS if "Dense" not in name]
SEED = 11
EPISODE = 50
STATE = ("time", "qpos", "qvel", "ctrl", "qacc_warmstart")


def assert_close(ours: Any, theirs: Any, what: str) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=what)


def assert_observations_close(ours: dict[str, np.ndarray], theirs: list[dict[str, Any]], what: str) -> None:
    for key, array in ours.items():
        assert_close(array, [observation[key] for observation in theirs], f"{key} {what}")


def assert_states_close(batch: Any, reference: list[gymnasium.Env], step: int) -> None:
    data = [env.unwrapped.data for env in reference]  # type: ignore[attr-defined]
    for name in STATE:
        assert_close(getattr(batch.simulations, name), [getattr(one, name) for one in data], f"{name} {step}")
    for name in ("mocap_pos", "mocap_quat"):  # the goal of the batch is a second mocap body
        assert_close(getattr(batch.simulations, name)[:, :1], [getattr(one, name) for one in data], name)


def actions_of(rng: np.random.Generator, n: int, step: int) -> np.ndarray:
    """Random moves, some beyond the limits, and now and then down to the table with open and closed fingers."""
    actions = rng.uniform(-1.5, 1.5, (n, 4)).astype(np.float32)
    if step % 20 < 10:
        actions[:] = 0.0, 0.0, -1.0, 1.0 - 2.0 * (step % 20 > 5)
    return actions


@pytest.mark.parametrize("environment_id", SPARSE)
def test_equal_to_gymnasium_robotics(environment_id: str) -> None:
    n = 2
    reference = [EnvMaker(environment_id, {})() for _ in range(n)]
    batch = make_batch(environment_id, n)
    assert batch.single_action_space == reference[0].action_space
    assert batch.single_observation_space == reference[0].observation_space
    assert batch.metadata["render_fps"] == reference[0].metadata["render_fps"]
    observations, infos = batch.reset(seed=SEED)
    started = [env.reset(seed=SEED + i) for i, env in enumerate(reference)]
    assert_observations_close(observations, [observation for observation, _ in started], "at the start")
    assert infos == started[0][1] == {}
    rng = np.random.default_rng(SEED)
    for step in range(2 * EPISODE + 5):
        actions = actions_of(rng, n, step)
        results = [env.step(action) for env, action in zip(reference, actions, strict=True)]
        last, rewards, terminated, truncated, their_infos = map(list, zip(*results, strict=True))
        observations, our_rewards, our_terminated, our_truncated, infos = batch.step(actions)
        assert_close(our_rewards, rewards, f"reward of step {step}")
        assert our_terminated.tolist() == terminated
        assert our_truncated.tolist() == truncated
        assert_close(infos["is_success"], [info["is_success"] for info in their_infos], "is_success")
        if any(truncated):
            assert_observations_close(infos["final_obs"], last, f"after step {step}")
            last = [env.reset()[0] for env in reference]
        assert_observations_close(observations, last, f"after step {step}")
        assert_states_close(batch, reference, step)


@pytest.mark.parametrize("reward_type", ["sparse", "dense"])
def test_rewards_of_any_goals_are_those_of_gymnasium_robotics(reward_type: str) -> None:
    reference: Any = EnvMaker("FetchReach-v4", {"reward_type": reward_type})().unwrapped
    batch = make_batch("FetchReach-v4", 2, reward_type=reward_type)
    goals = np.random.default_rng(0).uniform(0.0, 0.1, (2, 50, 3))
    rewards = batch.compute_reward(*goals, {})
    assert_close(rewards, reference.compute_reward(*goals, {}), reward_type)
    assert len(set(rewards.tolist())) > 1


@pytest.mark.parametrize("environment_id", IDS)
def test_every_id_is_the_one_of_gymnasium_robotics(environment_id: str) -> None:
    batch, spec = make_batch(environment_id, 1), find_spec(environment_id)
    assert spec is not None
    assert batch.task.reward_type == spec.kwargs["reward_type"]  # type: ignore[attr-defined]
    assert batch.task.max_episode_steps == spec.max_episode_steps


def test_the_threshold_is_saved_with_the_run() -> None:
    batch = make_batch("FetchReach-v4", 1, distance_threshold=0.2)
    batch.set_attr("distance_threshold", 0.1)
    other = make_batch("FetchReach-v4", 1)
    other.load_state_dict(batch.state_dict())
    assert other.get_attr("distance_threshold") == (0.1,)


def test_frames_with_the_goal_are_those_of_gymnasium_robotics() -> None:
    size = {"width": 120, "height": 120}
    batch = make_batch("FetchPush-v4", 2, render_mode="rgb_array", **size)
    reference = EnvMaker("FetchPush-v4", size, "rgb_array")()
    action = np.array([1.0, 0.2, -0.5, 0.0], np.float32)
    batch.reset(seed=SEED)
    reference.reset(seed=SEED)
    batch.step(np.array([action, action]))
    reference.step(action)
    ours, theirs = np.asarray(batch.render()[0], np.int64), np.asarray(reference.render(), np.int64)
    assert np.abs(ours - theirs).max() <= 2
    is_red = (ours[..., 0] > 150) & (ours[..., 1:].max(-1) < 80)
    assert is_red.any()  # the goal
    batch.close()
    reference.close()


def test_an_unknown_reward_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"(?s)environment\.kwargs\.reward_type.*sparce.*sparse"):
        make_batch("FetchReach-v4", 1, reward_type="sparce")


def test_a_missing_gymnasium_robotics_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="pip install gymnasium-robotics"):
        make_batch("FetchReach-v4", 1)


def test_a_block_in_the_gripper_is_held_and_lifted_by_contact_alone() -> None:
    batch = make_batch("FetchPickAndPlace-v4", 2, start_grasped=1.0)
    observation, _ = batch.reset(seed=SEED)
    grip = observation["observation"][:, :3]
    for lift in (0.0, 0.4):
        for _ in range(10):
            observation, *_ = batch.step(np.array([[0.0, 0.0, lift, -1.0]] * 2, np.float32))
        offset = observation["achieved_goal"] - observation["observation"][:, :3]
        np.testing.assert_allclose(offset, 0.0, atol=0.003)
    assert (observation["achieved_goal"][:, 2] > grip[:, 2] + 0.1).all()
    for _ in range(20):
        observation, *_ = batch.step(np.array([[0.0, 0.0, 0.0, 1.0]] * 2, np.float32))
    assert (observation["achieved_goal"][:, 2] < grip[:, 2]).all()  # an open gripper drops it


def test_a_share_of_the_episodes_starts_with_the_block_in_the_gripper() -> None:
    usual, mixed = (
        make_batch("FetchPickAndPlace-v4", 100, start_grasped=share).reset(seed=SEED)[0]
        for share in (0.0, 0.3)
    )
    assert_close(mixed["desired_goal"], usual["desired_goal"], "the goals stay")
    is_grasped = mixed["achieved_goal"][:, 2] > 0.5
    assert_close(mixed["achieved_goal"][~is_grasped], usual["achieved_goal"][~is_grasped], "the other starts")
    assert 15 < is_grasped.sum() < 45


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_outside_of_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match=r"environment\.kwargs\.start_grasped.*must be between 0 and 1"):
        make_batch("FetchPickAndPlace-v4", 1, start_grasped=share)
