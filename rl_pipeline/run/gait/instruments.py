"""Forces and motion of joints and feet of single simulations during an environment step."""

from collections.abc import Sequence
from typing import NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.binding import single_joints
from rl_pipeline.envs.mujoco.simulations import INTEGRATION_STATE
from rl_pipeline.envs.mujoco.tasks.walks import STEP
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv

Array = NDArray[np.float64]

WORLD = 0


class Sample(NamedTuple):
    """One environment step of a simulation: its start, and means over its physics steps."""

    step: Array
    """(), steps from the first frame of the motion to the start of this step."""
    positions: Array
    """(J,), of the joints at the start, rad or m."""
    velocities: Array
    """(J,), at the start."""
    torques: Array
    """(J,), means of the actuators' torques at the joints, Nm or N."""
    powers: Array
    """(J,), means of torque times velocity, W."""
    forces: Array
    """(F, 3), means of the forces of the ground on the feet, N, in the world."""


class Instruments:
    """Measures joints, torques and forces of single simulations.

    `measure` simulates an environment step in a separate `MjData`, so that other uses pay nothing for it. It uses
    the model without the changes of `environment.randomization`.

    Args:
        batch: The simulations.
        feet: Bodies whose contact forces are measured.
    """

    def __init__(self, batch: MujocoVectorEnv, feet: Sequence[str]) -> None:
        self._simulations, self._model = batch.simulations, batch.model
        self.data = mujoco.MjData(self._model)
        self._states = batch.simulations.pool.bind("state")
        joints = [self._model.joint(name) for name in single_joints(self._model)]
        self._qpos = np.array([int(joint.qposadr[0]) for joint in joints], np.intp)
        self._qvel = np.array([int(joint.dofadr[0]) for joint in joints], np.intp)
        self._feet = {self._model.body(name).id: number for number, name in enumerate(feet)}

    def measure(self, index: int) -> Sample:
        """Return the measurements of a simulation's next environment step; `before_physics` calls it."""
        model, data = self._model, self.data
        mujoco.mj_setState(model, data, self._states[index], INTEGRATION_STATE)
        step = self._simulations.userdata[index, STEP] - 1  # `apply` has counted this step
        positions, velocities = data.qpos[self._qpos], data.qvel[self._qvel]
        torques, powers = np.zeros_like(velocities), np.zeros_like(velocities)
        forces = np.zeros((len(self._feet), 3))
        n = self._simulations.frame_skip
        for _ in range(n):
            velocity = data.qvel[self._qvel]
            mujoco.mj_step(model, data)
            torque = data.qfrc_actuator[self._qvel]
            torques += torque / n
            powers += torque * velocity / n
            forces += self._forces() / n
        return Sample(step, positions, velocities, torques, powers, forces)

    def _forces(self) -> Array:
        """Return the forces of the world on the feet, (F, 3), N, in the world, in the last physics step."""
        total, force = np.zeros((len(self._feet), 3)), np.zeros(6)
        for number, (one, other) in enumerate(self._model.geom_bodyid[self.data.contact.geom]):
            body = max(one, other)
            if min(one, other) == WORLD and body in self._feet:
                mujoco.mj_contactForce(self._model, self.data, number, force)
                # The force acts on the second geom, in a frame whose axes are rows.
                sign = 1.0 if other == body else -1.0
                frame = self.data.contact.frame[number].reshape(3, 3)
                total[self._feet[body]] += sign * frame.T @ force[:3]
        return total
