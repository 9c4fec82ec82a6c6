"""Motion imitation with a policy that acts on mirror images."""

from typing import Any

import numpy as np
import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.envs.mujoco.model_mirror import mirror_of
from rl_pipeline.envs.mujoco.tasks.motion import MotionImitation
from rl_pipeline.envs.mujoco.tasks.motion_mirror import MirroredPolicy
from rl_pipeline.envs.mujoco.tasks.walks import MIRRORED, STEP
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv
from tests.envs.mujoco.batches import assert_same, make_batch, roll

ID = "MotionImitation-v0"
SQUAT, WALK = "planar_walker_squat", "planar_walker_walk"
HALF = 11
"""Steps of half a stride at 20 steps a second."""


def make(n: int = 4, **kwargs: Any) -> MujocoVectorEnv:
    return make_batch(ID, n, num_threads=1, **kwargs)


def parts_of(batch: MujocoVectorEnv) -> tuple[MotionImitation, MirroredPolicy]:
    assert isinstance(batch.task, MotionImitation)
    assert batch.task.mirrored is not None
    return batch.task, batch.task.mirrored


def put_mirror_image(
    source: MujocoVectorEnv, target: MujocoVectorEnv, later: int = 0, way: float = 0.0
) -> None:
    """Bring the simulations of a batch into the mirror images of those of another one, some steps later."""
    mirror = mirror_of(source.model, "mirror")
    memory = source.simulations.userdata.copy()
    memory[:, STEP] += later
    memory[:, MIRRORED] = 1.0
    qpos = source.simulations.qpos @ mirror.qpos.T
    qpos[:, 0] += way
    qvel = source.simulations.qvel @ mirror.qvel.T
    starts = [
        dict(zip(("qpos", "qvel", "userdata"), each, strict=True))
        for each in zip(qpos, qvel, memory, strict=True)
    ]
    target.simulations.reset(np.arange(source.num_envs), starts)


def assert_same_future(one: MujocoVectorEnv, other: MujocoVectorEnv, steps: int) -> None:
    rng = np.random.default_rng(0)
    np.testing.assert_allclose(
        one.task.observe(one.simulations), other.task.observe(other.simulations), atol=1e-9
    )
    for _ in range(steps):
        action = rng.uniform(-0.2, 0.2, (one.num_envs, 6)).astype(np.float32)
        results = [batch.step(action) for batch in (one, other)]
        np.testing.assert_allclose(results[0][0], results[1][0], atol=1e-5)
        np.testing.assert_allclose(results[0][1], results[1][1], atol=1e-5)


@pytest.mark.parametrize("actions", ["torque", "position", "reference"])
def test_a_mirrored_simulation_looks_and_moves_like_the_original(actions: str) -> None:
    common = {
        "actions": actions,
        "noise": 0.1,
        "motion": SQUAT,
        "look_ahead": [1, 2, 8],
        "max_deviation": None,
    }
    original, mirrored = make(**common), make(**common, mirror="episode")
    original.reset(seed=1)
    put_mirror_image(original, mirrored)
    assert_same_future(original, mirrored, 5)


def test_the_second_half_of_a_stride_looks_like_the_first() -> None:
    common = {"actions": "reference", "noise": 0.05, "motion": WALK, "rate": 20.0, "random_start": False}
    original, mirrored = make(**common), make(**common, mirror="stride", observe_speed=False)
    original.reset(seed=0)
    task, _ = parts_of(mirrored)
    put_mirror_image(original, mirrored, HALF, task.reference.advance[0, 0] / 2)
    assert_same_future(original, mirrored, HALF - 1)


def test_symmetric_states_give_symmetric_observations() -> None:
    batch = make(n=8, motion=SQUAT, noise=0.0, mirror="episode")
    batch.reset(seed=0)
    simulations = batch.simulations
    task, _ = parts_of(batch)
    simulations.userdata[:, MIRRORED] = 0
    plain = task.observe(simulations)
    simulations.userdata[:, MIRRORED] = 1
    np.testing.assert_allclose(task.observe(simulations), plain, atol=1e-6)


def test_mirroring_twice_changes_nothing() -> None:
    batch = make(n=8, motion=[WALK, SQUAT], noise=0.3, mirror="episode", observe_speed=True)
    batch.reset(seed=0)
    task, mirrored = parts_of(batch)
    batch.simulations.userdata[:, MIRRORED] = 1
    plain = task.observation.observe(batch.simulations)
    image = mirrored.observations(batch.simulations, plain)
    assert np.abs(image - plain).max() > 0.1
    np.testing.assert_allclose(mirrored.observations(batch.simulations, image), plain, atol=1e-12)
    action = np.random.default_rng(0).uniform(-1, 1, (8, 6))
    twice = mirrored.actions(batch.simulations, mirrored.actions(batch.simulations, action))
    np.testing.assert_array_equal(twice, action)
    np.testing.assert_array_equal(mirrored.actions(batch.simulations, action)[:, :3], action[:, 3:])


def test_only_the_second_half_of_a_stride_is_mirrored() -> None:
    batch = make(n=3, mirror="stride", random_start=False)
    batch.reset(seed=0)
    _, mirrored = parts_of(batch)
    batch.simulations.userdata[:, STEP] = [27, 28, 56]
    assert mirrored.active(batch.simulations).tolist() == [False, True, False]


def test_half_of_the_episodes_are_mirrored_and_continue_so() -> None:
    batch = make(n=64, mirror="episode")
    batch.reset(seed=0)
    assert 20 < batch.simulations.userdata[:, MIRRORED].sum() < 44
    state = batch.state_dict()
    expected = roll(batch, 20)
    other = make(n=64, mirror="episode")
    other.load_state_dict(state)
    assert_same(roll(other, 20), expected)


def test_spaces_and_names_are_those_without_a_mirror() -> None:
    plain, mirrored = make(), make(mirror="stride")
    assert plain.single_observation_space == mirrored.single_observation_space
    assert plain.single_action_space == mirrored.single_action_space
    assert plain.interface == mirrored.interface


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ConfigError, match="did you mean: stride"):
        make(mirror="strides")
