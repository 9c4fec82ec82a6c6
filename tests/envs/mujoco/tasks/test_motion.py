"""Motion imitation on the package's walker."""

from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.datasets.motion_file import save_motion
from rl_pipeline.datasets.motions import MotionError
from rl_pipeline.datasets.reading import read_motion
from rl_pipeline.datasets.resampling import cut
from rl_pipeline.envs.mujoco.tasks.motion import MotionImitation
from rl_pipeline.envs.mujoco.tasks.reward_terms import PRESETS
from rl_pipeline.envs.mujoco.tasks.walks import MOTION, START, STEP
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv
from tests.envs.mujoco.batches import assert_same, make_batch, roll

ID = "MotionImitation-v0"
FULL = {"deepmimic": 1.0, "drloco": 1.2, "comic": 1.45, "tracking": 5.0}


def make(n: int = 4, *, render_mode: str | None = None, **kwargs: Any) -> MujocoVectorEnv:
    return make_batch(ID, n, render_mode=render_mode, num_threads=1, **kwargs)


def task_of(batch: MujocoVectorEnv) -> MotionImitation:
    assert isinstance(batch.task, MotionImitation)
    return batch.task


@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize("motion", ["planar_walker_walk", "planar_walker_hop"])
def test_a_robot_in_a_frame_of_the_reference_gets_the_full_reward(preset: str, motion: str) -> None:
    batch = make(reward=preset, motion=motion, noise=0.0)
    batch.reset(seed=2)
    task, zeros = task_of(batch), np.zeros((4, 6), np.float32)
    np.testing.assert_allclose(task.reward(batch.simulations, zeros), FULL[preset], rtol=1e-6)
    assert not task.terminated(batch.simulations).any()


def test_a_pole_on_a_cart_follows_its_swing_up_for_a_while() -> None:
    batch = make(
        model="cart_pole", motion="cart_pole_swing_up", actions="reference", noise=0.0, random_start=False
    )
    batch.reset(seed=0)
    task = task_of(batch)
    np.testing.assert_allclose(task.reward(batch.simulations, np.zeros((4, 1), np.float32)), 1.0, rtol=1e-6)
    for _ in range(40):
        _, rewards, terminated, _, _ = batch.step(np.zeros((4, 1), np.float32))
    assert rewards.min() > 0.5
    assert not terminated.any()


def test_every_term_is_logged_and_adds_up() -> None:
    batch = make(reward="tracking")
    batch.reset(seed=0)
    _, rewards, _, _, infos = batch.step(batch.action_space.sample())
    names = [f"reward_{term.name}" for term in PRESETS["tracking"]]
    np.testing.assert_allclose(sum(infos[name] for name in names), rewards, rtol=1e-6)
    assert {"error_joints", "error_bodies"} < infos.keys()


def test_episodes_start_at_random_phases_with_noise() -> None:
    batch = make(n=64)
    batch.reset(seed=0)
    memory, task = batch.simulations.userdata, task_of(batch)
    assert len(set(memory[:, STEP])) > 20
    wanted = task.reference.qpos[memory[:, STEP].astype(int)]
    spread = (batch.simulations.qpos - wanted)[:, 3:].std()
    assert spread == pytest.approx(0.02, rel=0.2)
    np.testing.assert_array_equal(batch.simulations.qpos[:, :3], wanted[:, :3])
    first = make(n=8, random_start=False)
    first.reset(seed=0)
    assert not first.simulations.userdata[:, STEP].any()


def test_the_reference_goes_on_over_its_end() -> None:
    task = task_of(make())
    last = int(task.reference.last[0])
    frames = task.reference.frames(np.zeros(3, np.intp), np.array([0, last, 2 * last + 3]))
    np.testing.assert_array_equal(frames.index, [0, 0, 3])
    np.testing.assert_allclose(frames.shift[:, 0], [0, 1.375, 2.75])


def test_a_motion_that_is_not_cyclic_stays_in_its_last_frame(tmp_path: Path) -> None:
    save_motion(cut(read_motion("planar_walker_squat"), 0, 1.0), tmp_path / "down.npz")
    task = task_of(make(motion=str(tmp_path / "down.npz")))
    frames = task.reference.frames(np.zeros(2, np.intp), np.array([50, 500]))
    np.testing.assert_array_equal(frames.index, [50, 50])
    assert not frames.shift.any()


def test_several_motions_are_drawn_and_followed() -> None:
    batch = make(n=32, motion=["planar_walker_walk", "planar_walker_squat"], noise=0.0)
    batch.reset(seed=0)
    assert set(batch.simulations.userdata[:, MOTION]) == {0, 1}
    rewards = task_of(batch).reward(batch.simulations, np.zeros((32, 6), np.float32))
    np.testing.assert_allclose(rewards, 1.0, rtol=1e-6)


@pytest.mark.parametrize("actions", ["torque", "position", "reference"])
def test_actions_continue_from_a_saved_state(actions: str) -> None:
    original = make(actions=actions, reward="tracking")
    original.reset(seed=1)
    roll(original, 20)
    state = original.state_dict()
    expected = roll(original, 40)
    other = make(actions=actions, reward="tracking")
    other.load_state_dict(state)
    assert_same(roll(other, 40), expected)


def test_offsets_of_nothing_follow_the_squat() -> None:
    batch = make(
        motion="planar_walker_squat", actions="reference", noise=0.0, random_start=False, stiffness=4.0
    )
    batch.reset(seed=0)
    for _ in range(20):
        _, rewards, terminated, _, _ = batch.step(np.zeros((4, 6), np.float32))
    assert rewards.min() > 0.7
    assert not terminated.any()


def test_robots_that_fall_or_stay_behind_end_their_episode() -> None:
    batch = make(actions="torque")
    batch.reset(seed=0)
    simulations, task = batch.simulations, task_of(batch)
    assert not task.terminated(simulations).any()
    simulations.xpos[0, :, 2] *= 0.5
    simulations.xpos[1, :, 0] += 0.6
    assert task.terminated(simulations).tolist() == [True, True, False, False]
    task.max_deviation = None
    assert task.terminated(simulations).tolist() == [True, False, False, False]


def test_terms_are_data() -> None:
    terms = [
        {"name": "knees", "error": "joints", "weight": 2.0, "scale": 10.0, "of": ["left_knee", "right_knee"]},
        {"name": "feet", "error": "body_positions", "weight": 1.0, "of": ["left_foot"], "kernel": "linear"},
        {"name": "effort", "error": "effort", "weight": -0.5, "kernel": "plain"},
    ]
    batch = make(reward=terms, noise=0.0)
    batch.reset(seed=0)
    simulations, task = batch.simulations, task_of(batch)
    simulations.qpos[0, 4] += 0.2  # left knee
    simulations.xpos[1, 4, 0] += 0.3
    simulations.userdata[2, -6:] = 1.0
    zeros = np.zeros((4, 6), np.float32)
    np.testing.assert_allclose(task.reward(simulations, zeros), [2 * np.exp(-0.4) + 1, 2.91, 0, 3], atol=1e-9)
    assert task.metrics(simulations)["reward_effort"].tolist() == [0, 0, -3, 0]


def test_walks_are_stable_when_they_are_long_or_last_a_whole_episode() -> None:
    batch = make(noise=0.0, random_start=False)
    batch.reset(seed=0)
    simulations, task = batch.simulations, task_of(batch)
    walked, elapsed = np.array([15.1, 7.6, 7.4, 7.6]), np.array([1, 500, 500, 499])
    simulations.xpos[:, :, 0] += walked[:, np.newaxis]
    simulations.userdata[:, STEP] += elapsed
    np.testing.assert_allclose(task.walks.distance(simulations), walked)
    assert task.walks.stable(simulations).tolist() == [True, True, False, False]


def test_a_squat_is_stable_without_a_way() -> None:
    batch = make(motion="planar_walker_squat", noise=0.0)
    batch.reset(seed=0)
    batch.simulations.userdata[:2, STEP] += 500
    assert task_of(batch).walks.stable(batch.simulations).tolist() == [True, True, False, False]


def test_the_forward_velocity_is_that_of_the_root() -> None:
    batch = make(noise=0.0, actions="reference")
    batch.reset(seed=0)
    task, simulations = task_of(batch), batch.simulations
    metrics = batch.step(np.zeros((4, 6), np.float32))[4]
    data = mujoco.MjData(batch.model)
    velocity = np.zeros(6)
    data.qpos[:], data.qvel[:] = simulations.qpos[0], simulations.qvel[0]
    mujoco.mj_forward(batch.model, data)
    mujoco.mj_objectVelocity(batch.model, data, mujoco.mjtObj.mjOBJ_XBODY, 1, velocity, 0)
    assert task._speed(simulations)[0] == pytest.approx(velocity[3], abs=0.05)
    np.testing.assert_allclose(metrics["x_position"], simulations.xpos[:, 1, 0])


def test_starts_can_be_chosen() -> None:
    batch = make(motion=["planar_walker_squat", "planar_walker_walk"])
    task_of(batch).next_starts.extend([(1, 7), (0, 3), (1, 0), (0, 0)])
    batch.reset(seed=0)
    memory = batch.simulations.userdata[:, [MOTION, STEP, START]]
    assert memory.tolist() == [[1, 7, 7], [0, 3, 3], [1, 0, 0], [0, 0, 0]]


SPEEDS = ["planar_walker_slow_walk", "planar_walker_walk", "planar_walker_fast_walk"]


def test_the_policy_observes_the_speed_of_its_motion() -> None:
    batch = make(n=16, motion=SPEEDS, observe_speed=True)
    observation, _ = batch.reset(seed=0)
    column = batch.interface.observation_names["observation"].index("commanded_speed")
    drawn = np.array([0.8, 1.25, 1.6])[batch.simulations.userdata[:, MOTION].astype(int)]
    np.testing.assert_allclose(observation[:, column], drawn, rtol=0.02)
    assert set(drawn) == {0.8, 1.25, 1.6}
    assert batch.interface.units["commanded_speed"] == "m/s"


def test_a_speed_chooses_a_motion() -> None:
    task = task_of(make(motion=SPEEDS, speed=1.6, observe_speed=True))
    assert [motion.name for motion in task.reference.motions] == ["planar_walker_fast_walk"]


def test_pictures_show_the_reference_as_a_ghost() -> None:
    frames = []
    for ghost in (True, False):
        batch = make(n=1, render_mode="rgb_array", ghost=ghost, noise=0.0, random_start=False)
        batch.reset(seed=0)
        for _ in range(15):
            batch.step(np.zeros((1, 6), np.float32))
        state = batch.simulations.state_dict()
        frames.append(np.asarray(batch.render()[0], np.int64))
        np.testing.assert_array_equal(batch.simulations.state_dict()["state"], state["state"])
        batch.close()
    green = [(one[..., 1] > one[..., 0] + 40) & (one[..., 1] > one[..., 2] + 20) for one in frames]
    assert green[0].sum() > 200
    assert not green[1].any()


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        ({"reward": "deepmimik"}, "did you mean: deepmimic ?"),
        ({"reward": [{"name": "a", "error": "jonts", "weight": 1.0}]}, "environment.kwargs.reward.0.error"),
        (
            {"reward": [{"name": "a", "error": "joints", "weight": 1.0, "of": ["left_kne"]}]},
            "did you mean: left_knee ?",
        ),
        (
            {"reward": [{"name": "a", "error": "pose", "weight": 1.0, "of": ["left_knee"]}]},
            "names an unknown joint or body",
        ),
        ({"actions": "torques"}, "did you mean: torque ?"),
        ({"motion": SPEEDS, "speed": 1.0}, "no motion has this mean speed"),
        ({"rate": 60.0}, "not an integer number of physics steps"),
        ({"motoin": "planar_walker_walk"}, "did you mean: motion ?"),
    ],
)
def test_wrong_arguments_are_refused(kwargs: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        make(**kwargs)
    assert said in str(error.value)


def test_motions_of_another_robot_are_refused() -> None:
    with pytest.raises(MotionError, match="the model does not have this joint"):
        make(model="balancer", actions="torque")


def test_the_policy_does_not_see_where_the_robot_is() -> None:
    batch = make(noise=0.0)
    batch.reset(seed=0)
    simulations, task = batch.simulations, task_of(batch)
    before = task.observe(simulations)
    simulations.qpos[:, 0] += 1.375
    simulations.xpos[:, :, 0] += 1.375
    simulations.userdata[:, STEP] += task.reference.last[0]
    np.testing.assert_allclose(task.observe(simulations), before, atol=1e-9)


def test_every_number_of_an_observation_has_a_name() -> None:
    interface = make().interface
    names = interface.observation_names["observation"]
    assert len(names) == len(set(names)) == 37
    assert names[:2] == ("root_z.position", "root_pitch.position")
    assert names[17:20] == ("sin(phase)", "cos(phase)", "left_hip.to_reference_in_1")
    assert names[-1] == "root.z.to_reference_in_5"
    assert interface.units["left_hip.to_reference_in_5"] == "rad"
