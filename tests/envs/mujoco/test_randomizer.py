from typing import Any

import mujoco
import numpy as np
import pytest

from tests.envs.mujoco.batches import assert_same, make_batch, roll


@pytest.mark.parametrize(
    ("randomization", "field"),
    [
        ({"mass": {"scale": [0.5, 2.0]}}, "body_mass"),
        ({"friction": {"scale": [0.5, 2.0]}}, "geom_friction"),
        ({"damping": {"scale": [0.5, 2.0]}}, "dof_damping"),
        ({"gains": {"scale": [0.5, 2.0]}}, "actuator_gainprm"),
    ],
)
def test_parameters_differ_between_simulations_and_episodes(
    randomization: dict[str, Any], field: str
) -> None:
    batch = make_batch("Hopper-v5", 3, randomization=randomization)
    batch.reset(seed=0)
    values = batch.simulations.pool.expand(field)
    nominal = getattr(batch.model, field)
    factors = values[:, nominal != 0] / nominal[nominal != 0]
    assert factors.min() >= 0.5 - 1e-12
    assert factors.max() <= 2.0 + 1e-12
    assert len(np.unique(factors[:, 0])) == 3
    before = values.copy()
    batch.reset(options={"reset_mask": np.array([False, True, False])})
    np.testing.assert_array_equal(values[[0, 2]], before[[0, 2]])
    assert not np.array_equal(values[1], before[1])


def test_only_named_elements_change() -> None:
    randomization = {
        "mass": {"scale": [2.0, 2.0], "bodies": ["foot"]},
        "damping": {"scale": [3.0, 3.0], "joints": ["leg_joint"]},
    }
    batch = make_batch("Hopper-v5", 2, randomization=randomization)
    batch.reset(seed=0)
    model = batch.model
    foot, leg = model.body("foot").id, model.joint("leg_joint").dofadr[0]
    masses, damping = batch.simulations.pool.expand("body_mass"), batch.simulations.pool.expand("dof_damping")
    expected = model.body_mass.copy()
    expected[foot] *= 2.0
    np.testing.assert_array_equal(masses, [expected] * 2)
    assert (damping[:, leg] == 3.0 * model.dof_damping[leg]).all()
    assert np.count_nonzero(damping[0] != model.dof_damping) == 1


def test_physics_is_that_of_a_model_with_these_parameters() -> None:
    randomization = {
        "mass": {"scale": [0.5, 2.0]},
        "friction": {"scale": [0.5, 2.0]},
        "gravity": {"scale": [0.5, 2.0]},
        "gains": {"scale": [0.5, 2.0]},
    }
    batch = make_batch("HalfCheetah-v5", 2, randomization=randomization)
    batch.reset(seed=5)
    pool = batch.simulations.pool
    model = mujoco.MjModel.from_xml_path(str(batch.task.model))
    for field in ("body_mass", "body_inertia", "geom_friction", "actuator_gainprm", "actuator_biasprm"):
        getattr(model, field)[:] = pool.expand(field)[1]
    model.opt.gravity[:] = pool.expand("gravity")[1]
    data = mujoco.MjData(model)
    mujoco.mj_setConst(model, data)
    mujoco.mj_resetData(model, data)
    data.qpos[:], data.qvel[:] = batch.simulations.qpos[1], batch.simulations.qvel[1]
    mujoco.mj_forward(model, data)
    for action in np.random.default_rng(0).uniform(-1, 1, (50, 2, 6)):
        batch.step(action)
        data.ctrl[:] = action[1]
        mujoco.mj_step(model, data, nstep=5)
        np.testing.assert_allclose(batch.simulations.qpos[1], data.qpos, rtol=1e-9, atol=1e-9)


def test_gravity_scales() -> None:
    batch = make_batch("Hopper-v5", 2, randomization={"gravity": {"scale": [0.0, 0.0]}})
    batch.reset(seed=0)
    assert not batch.simulations.pool.expand("gravity").any()


def test_starts_are_those_without_randomization() -> None:
    plain, _ = make_batch("Hopper-v5", 2).reset(seed=3)
    randomized, _ = make_batch("Hopper-v5", 2, randomization={"friction": {"scale": [0.5, 2]}}).reset(seed=3)
    np.testing.assert_array_equal(plain, randomized)


def test_actions_arrive_late() -> None:
    prompt = make_batch("Swimmer-v5", 2)
    late = make_batch("Swimmer-v5", 2, randomization={"latency": {"steps": [2, 2]}})
    prompt.reset(seed=3)
    late.reset(seed=3)
    actions = np.random.default_rng(0).uniform(-1, 1, (10, 2, 2)).astype(np.float32)
    for action in [np.zeros_like(actions[0])] * 2 + list(actions):
        expected = prompt.step(action)[0]
    for action in [*actions, *actions[:2]]:
        observations = late.step(action)[0]
    np.testing.assert_array_equal(observations, expected)


def test_sensor_noise_has_the_wanted_size() -> None:
    plain, _ = make_batch("Humanoid-v5", 8).reset(seed=3)
    noisy, _ = make_batch("Humanoid-v5", 8, randomization={"sensor_noise": {"std": 0.1}}).reset(seed=3)
    noise = noisy - plain
    assert abs(noise.mean()) < 0.01
    assert noise.std() == pytest.approx(0.1, rel=0.1)
    assert noisy.dtype == plain.dtype


def test_pushes_begin_and_end() -> None:
    pushes = {"interval": [4, 6], "force": [20, 30], "duration": 2}
    batch = make_batch("Ant-v5", 2, randomization={"pushes": pushes}, terminate_when_unhealthy=False)
    batch.reset(seed=0)
    pushed = []
    for _ in range(40):
        batch.step(np.zeros((2, 8)))
        force = batch.simulations.xfrc_applied[0]
        assert not force[[0, *range(2, len(force))]].any()
        assert not force[1, 2:].any()
        pushed.append(np.linalg.norm(force[1]))
    strengths = np.array(pushed)
    active = strengths > 0
    assert 2 * 6 <= active.sum() <= 2 * 10
    assert strengths[active].min() >= 20
    assert strengths.max() <= 30


def test_the_same_seed_randomizes_the_same_way() -> None:
    randomization = {
        "mass": {"scale": [0.5, 2.0]},
        "latency": {"steps": [0, 3]},
        "sensor_noise": {"std": 0.1},
        "pushes": {"interval": [5, 9], "force": [1, 9]},
    }
    first = make_batch("Hopper-v5", 3, randomization=randomization, num_threads=1)
    second = make_batch("Hopper-v5", 3, randomization=randomization, num_threads=2)
    first.reset(seed=8)
    second.reset(seed=8)
    assert_same(roll(first, 100), roll(second, 100))
