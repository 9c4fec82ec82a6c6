import subprocess
import sys

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from tests.envs.mujoco.batches import assert_same, make_batch, roll


def test_follows_the_convention_of_all_backends() -> None:
    batch = make_batch("Hopper-v5", 3)
    assert batch.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    observations, _ = batch.reset(seed=0)
    assert observations in batch.observation_space
    actions = batch.action_space.sample()
    observations, rewards, terminated, truncated, infos = batch.step(actions)
    assert observations in batch.observation_space
    assert (rewards.dtype, terminated.dtype, truncated.dtype) == (np.float64, np.bool_, np.bool_)
    assert rewards.shape == terminated.shape == truncated.shape == (3,)
    assert infos["x_velocity"].dtype == np.float64
    assert infos["_x_velocity"].all()
    assert "final_obs" not in infos


def test_results_of_a_step_stay_as_they_are() -> None:
    batch = make_batch("Ant-v5", 2)
    batch.reset(seed=0)
    observations, rewards, _, _, infos = batch.step(batch.action_space.sample())
    kept = [observations.copy(), rewards.copy()] + [infos[name].copy() for name in sorted(infos)]
    roll(batch, 5)
    assert_same(kept, [observations, rewards] + [infos[name] for name in sorted(infos)])


def test_final_observation_is_that_before_the_reset() -> None:
    batch = make_batch("InvertedPendulum-v5", 4, max_episode_steps=7)
    batch.reset(seed=[5, 6, 7, 8])
    batch.step(np.zeros((4, 1)))
    batch.reset(options={"reset_mask": np.array([True, False, True, True])}, seed=[5, 6, 7, 8])
    for _ in range(5):
        observations, _, _, truncated, infos = batch.step(np.zeros((4, 1)))
        assert not truncated.any()
    before = observations
    observations, _, _, truncated, infos = batch.step(np.zeros((4, 1)))
    np.testing.assert_array_equal(truncated, [False, True, False, False])
    np.testing.assert_array_equal(infos["_final_obs"], truncated)
    assert np.abs(infos["final_obs"][1] - before[1]).max() < 0.2
    assert np.abs(observations[1]).max() <= 0.01
    assert not np.array_equal(infos["final_obs"][1], observations[1])


def test_reset_mask_leaves_the_others_alone() -> None:
    batch = make_batch("HalfCheetah-v5", 3)
    first, _ = batch.reset(seed=10)
    roll(batch, 4)
    before = batch.state_dict()["simulations"]["state"]
    observations, _ = batch.reset(seed=10, options={"reset_mask": np.array([False, True, False])})
    np.testing.assert_array_equal(observations[1], first[1])
    after = batch.state_dict()["simulations"]["state"]
    np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])


def test_seeds_count_up_or_are_given_one_by_one() -> None:
    counted, _ = make_batch("Hopper-v5", 3).reset(seed=4)
    listed, _ = make_batch("Hopper-v5", 3).reset(seed=[4, 5, 6])
    np.testing.assert_array_equal(counted, listed)
    assert len(np.unique(counted, axis=0)) == 3


def test_reset_without_a_seed_goes_on_with_the_generators() -> None:
    first, second = make_batch("Hopper-v5", 2), make_batch("Hopper-v5", 2)
    for batch in (first, second):
        batch.reset(seed=1)
    once, again = first.reset()[0], second.reset()[0]
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, first.reset()[0])


@pytest.mark.parametrize("environment_id", ["Ant-v5", "Hopper-v5"])
def test_same_trajectories_for_any_number_of_threads(environment_id: str) -> None:
    trajectories = []
    for num_threads in (1, 2, 4):
        batch = make_batch(environment_id, 6, num_threads=num_threads)
        batch.reset(seed=2)
        trajectories.append(roll(batch, 120))
    assert_same(trajectories[0], trajectories[1])
    assert_same(trajectories[0], trajectories[2])


def test_neighbours_do_not_influence_each_other() -> None:
    alone, among = make_batch("Walker2d-v5", 1), make_batch("Walker2d-v5", 5)
    alone.reset(seed=12)
    among.reset(seed=[9, 10, 12, 11, 13])
    actions = np.random.default_rng(0).uniform(-1, 1, (80, 5, 6))
    for action in actions:
        one = alone.step(action[2:3])
        many = among.step(action)
        np.testing.assert_array_equal(one[0][0], many[0][2])
        assert one[1][0] == many[1][2]


def test_many_environments() -> None:
    batch = make_batch("Hopper-v5", 1024)
    observations, _ = batch.reset(seed=0)
    assert len(np.unique(observations, axis=0)) == 1024
    _, _, terminated, _, infos = batch.step(batch.action_space.sample())
    assert terminated.shape == infos["x_position"].shape == (1024,)


def test_call_and_set_attr_reach_the_task() -> None:
    batch = make_batch("Balancer-v0", 3)
    assert batch.call("target_speed") == (0.5, 0.5, 0.5)
    batch.set_attr("target_speed", 1.0)
    assert batch.task.target_speed == 1.0
    batch.set_attr("target_speed", [2.0, 2.0, 2.0])
    assert batch.call("target_speed") == (2.0, 2.0, 2.0)
    assert batch.call("render") == (None,)
    with pytest.raises(ValueError, match="share one task"):
        batch.set_attr("target_speed", [1.0, 2.0, 3.0])
    with pytest.raises(AttributeError):
        batch.call("no_such_thing")


def test_wrong_shapes_are_refused() -> None:
    batch = make_batch("Hopper-v5", 2)
    batch.reset(seed=0)
    with pytest.raises(ValueError, match=r"\(3,\), Hopper needs \(2, 3\) of 2"):
        batch.step(np.zeros(3))
    with pytest.raises(ValueError, match="reset_mask"):
        batch.reset(options={"reset_mask": np.ones(3, bool)})
    with pytest.raises(ValueError, match="1 seeds were given for 2 environments"):
        batch.reset(seed=[1])


def test_needs_no_torch() -> None:
    program = (
        "import sys, types; from rl_pipeline.envs.mujoco import make_mujoco_vector_env;"
        "make_mujoco_vector_env(types.SimpleNamespace(id='Ant-v5', kwargs={},"
        " randomization=None), 1); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
