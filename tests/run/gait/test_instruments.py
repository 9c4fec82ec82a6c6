"""What instruments measure, against the physics of the batch and the momentum of the robot."""

import mujoco
import numpy as np
import pytest

from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv
from rl_pipeline.run.gait.instruments import Instruments, Sample
from tests.envs.mujoco.batches import make_batch

FEET = ("left_foot", "right_foot")
N_STEPS = 12


def momentum(batch: MujocoVectorEnv, index: int) -> np.ndarray:
    """Return the momentum of a simulation, (3,), kg m/s."""
    data = mujoco.MjData(batch.model)
    data.qpos[:], data.qvel[:] = batch.simulations.qpos[index], batch.simulations.qvel[index]
    mujoco.mj_forward(batch.model, data)
    mujoco.mj_subtreeVel(batch.model, data)
    return data.subtree_linvel[0] * batch.model.body_subtreemass[0]


def test_forces_of_a_step_are_means_that_change_the_momentum() -> None:
    batch = make_batch("MotionImitation-v0", 2, num_threads=1, actions="reference", noise=0.0)
    instruments, samples = Instruments(batch, FEET), list[Sample]()
    batch.simulations.before_physics = lambda: samples.append(instruments.measure(1))
    batch.reset(seed=1)
    weight = batch.model.body_subtreemass[0] * batch.model.opt.gravity
    actions = np.random.default_rng(0).uniform(-0.3, 0.3, (2, 6)).astype(np.float32)
    for _ in range(N_STEPS):
        before = momentum(batch, 1)
        batch.step(actions)
        np.testing.assert_array_equal(instruments.data.qpos, batch.simulations.qpos[1])
        forces = samples[-1].forces.sum(axis=0)
        change = (momentum(batch, 1) - before) / batch.simulations.dt
        np.testing.assert_allclose(forces + weight, change, atol=0.02 * np.linalg.norm(weight))
    assert max(sample.forces[:, 2].sum() for sample in samples) > 100
    assert np.diff([sample.step for sample in samples]).tolist() == [1] * (N_STEPS - 1)


def test_powers_are_those_of_the_torques() -> None:
    batch = make_batch("MotionImitation-v0", 1, num_threads=1, actions="torque", noise=0.0)
    instruments, samples = Instruments(batch, FEET), list[Sample]()
    batch.simulations.before_physics = lambda: samples.append(instruments.measure(0))
    batch.reset(seed=0)
    batch.step(np.full((1, 6), 0.1, np.float32))
    [sample] = samples
    gears = [batch.model.actuator(joint).gear[0] for joint in ("left_hip", "left_knee", "left_ankle")]
    np.testing.assert_allclose(sample.torques, 0.1 * np.array(gears * 2))
    speeds = np.stack((sample.velocities, instruments.data.qvel[3:])).mean(axis=0)
    assert sample.powers @ sample.torques == pytest.approx(sample.torques**2 @ speeds, rel=0.2)
