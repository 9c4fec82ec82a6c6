import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rl_pipeline.envs.gymnasium.in_process import InProcessVectorEnv
from tests.envs.sample_envs import CountingEnv, DictEnv, TroublesomeEnv
from tests.envs.trajectories import assert_equal, play


def counting(n: int, length: int = 5) -> InProcessVectorEnv:
    return InProcessVectorEnv([lambda: CountingEnv(length)] * n)


@pytest.mark.parametrize("environment_id", ["CartPole-v1", "Hopper-v5", "Taxi-v4"])
def test_trajectories_are_those_of_gymnasiums_sync_vector_env(environment_id: str) -> None:
    makers = [lambda: gymnasium.make(environment_id, max_episode_steps=20)] * 3
    ours = InProcessVectorEnv(makers)
    theirs = SyncVectorEnv(makers, autoreset_mode=AutoresetMode.SAME_STEP)
    assert_equal(ours.reset(seed=3)[0], theirs.reset(seed=3)[0])
    for mine, other in zip(play(ours, 50), play(theirs, 50), strict=True):
        assert_equal(mine[:4], other[:4])
        assert ("final_obs" in mine[4]) == ("final_obs" in other[4])
        for index in np.flatnonzero(mine[2] | mine[3]):
            np.testing.assert_array_equal(mine[4]["final_obs"][index], other[4]["final_obs"][index])


def test_every_environment_has_its_own_seed() -> None:
    env = counting(3)
    assert env.reset(seed=10)[0][2].tolist() == counting(1).reset(seed=12)[0][0].tolist()
    assert env.reset(seed=[12, None, 10])[0][0].tolist() == counting(1).reset(seed=12)[0][0].tolist()
    with pytest.raises(ValueError, match="2 seeds were given for 3 environments"):
        env.reset(seed=[1, 2])


def test_a_mask_chooses_which_environments_are_reset() -> None:
    env = counting(3)
    before, _ = env.reset(seed=0)
    env.step([1, 1, 1])
    options = {"reset_mask": np.array([False, True, False])}
    after, infos = env.reset(seed=8, options=options)
    assert after[[0, 2]].tolist() == (before[[0, 2]] + 1).tolist()
    assert after[1].tolist() == counting(1).reset(seed=9)[0][0].tolist()
    assert infos["_start"].tolist() == [False, True, False]
    assert "reset_mask" in options
    with pytest.raises(ValueError, match=r"reset_mask must be bool \(3,\)"):
        env.reset(options={"reset_mask": np.array([True])})


def test_a_finished_episode_shows_its_last_and_the_next_first_observation() -> None:
    env = counting(2, length=2)
    env.reset(seed=0)
    _, _, _, _, running = env.step([1, 1])
    assert "final_obs" not in running
    before = env.envs[0].unwrapped.start
    observations, rewards, terminated, truncated, infos = env.step([0, 1])
    assert terminated.tolist() == [True, False]
    assert truncated.tolist() == [False, True]
    assert rewards.dtype == np.float64
    assert infos["_final_obs"].tolist() == [True, True]
    assert infos["final_obs"][0].tolist() == [before + 2] * 2
    assert observations[0].tolist() == [env.envs[0].unwrapped.start] * 2
    assert infos["elapsed"].tolist() == [2.0, 2.0]  # of the step that ended the episode, not of the reset
    assert "text" not in infos
    assert "start" not in infos
    assert infos["is_success"].tolist() == [1.0, 1.0]


def test_results_are_not_overwritten_by_the_next_step() -> None:
    env = counting(2)
    env.reset(seed=0)
    first = env.step([1, 1])
    kept = [part.copy() for part in first[:4]]
    env.step([2, 2])
    for now, then in zip(first[:4], kept, strict=True):
        np.testing.assert_array_equal(now, then)


def test_dict_observations_are_batched() -> None:
    env = InProcessVectorEnv([DictEnv, DictEnv])
    observations, _ = env.reset(seed=0)
    assert env.observation_space.contains(observations)
    assert env.observation_space.contains(env.step(np.ones((2, 4)))[0])


def test_joint_torque_of_mujoco_environments() -> None:
    env = InProcessVectorEnv([lambda: gymnasium.make("Reacher-v5")] * 2)
    env.reset(seed=0)
    infos = env.step(np.array([[0.5, -0.3], [0.0, 0.2]]))[4]
    gears = env.envs[0].unwrapped.model.actuator_gear[:, 0]
    np.testing.assert_allclose(infos["joint_torque"], [0.4, 0.1], rtol=1e-6)
    assert gears.shape == (2,)
    assert infos["_joint_torque"].all()


def test_other_environments_have_no_joint_torque() -> None:
    env = counting(1)
    env.reset(seed=0)
    assert "joint_torque" not in env.step([0])[4]


def test_call_reaches_methods_and_attributes() -> None:
    env = counting(3)
    env.reset(seed=0)
    assert env.call("add", 2, factor=10) == (20, 20, 20)
    assert env.call("length") == (5, 5, 5)
    assert env.call_on([2, 0], "add", 1) == [1, 1]
    env.set_attr("length", [1, 2, 3])
    assert env.get_attr("length") == (1, 2, 3)
    with pytest.raises(AttributeError):
        env.call("legs")


def test_an_exception_names_its_environment() -> None:
    env = InProcessVectorEnv([lambda: TroublesomeEnv("raise")] * 3)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="the arm is broken") as caught:
        env.step([0, 2, 0])
    assert caught.value.__notes__ == ["raised by environment 1 of TroublesomeEnv"]


def test_environments_with_different_spaces_are_refused() -> None:
    with pytest.raises(ValueError, match="environment 1 has observation_space"):
        InProcessVectorEnv([lambda: CountingEnv(size=2), lambda: CountingEnv(size=3)])


def test_actions_of_another_shape_are_refused() -> None:
    env = counting(2)
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"actions have shape \(3,\), CountingEnv needs \(2,\)"):
        env.step([0, 0, 0])


def test_only_environment_0_renders() -> None:
    makers = [
        lambda: gymnasium.make("CartPole-v1", render_mode="rgb_array"),
        lambda: gymnasium.make("CartPole-v1"),
    ]
    env = InProcessVectorEnv(makers)
    env.reset(seed=0)
    (frame,) = env.render()
    assert frame.shape == (400, 600, 3)
    assert env.render_mode == "rgb_array"
    assert counting(1).render() == (None,)
    env.close()


@pytest.mark.parametrize("environment_id", ["Pendulum-v1", "Hopper-v5"])
def test_a_restored_batch_goes_on_to_the_bit(environment_id: str) -> None:
    makers = [lambda: gymnasium.make(environment_id, max_episode_steps=30)] * 2
    first, second = InProcessVectorEnv(makers), InProcessVectorEnv(makers)
    first.reset(seed=1)
    play(first, 17)
    state = first.state_dict()
    assert state["exact"]
    second.load_state_dict(state)
    assert_equal(play(first, 60, seed=9), play(second, 60, seed=9))


def test_random_actions_go_on_after_restoring() -> None:
    first, second = counting(2), counting(2)
    first.action_space.seed(1)
    first.single_action_space.seed(2)
    second.load_state_dict(first.state_dict())
    for _ in range(5):
        assert_equal(first.action_space.sample(), second.action_space.sample())
        assert_equal(first.single_action_space.sample(), second.single_action_space.sample())


def test_a_state_of_another_number_of_environments_is_refused() -> None:
    with pytest.raises(ValueError, match="the state has 3 environments of CountingEnv, but this batch has 2"):
        counting(2).load_state_dict(counting(3).state_dict())
