"""Observation of a motion task: robot, phase, command, and the reference in the steps ahead."""

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from rl_pipeline.datasets.binding import single_joints
from rl_pipeline.datasets.mirroring import MIRRORED_VECTOR
from rl_pipeline.datasets.roots import HINGE, ROOT, place_columns
from rl_pipeline.envs.mujoco.model_mirror import ModelMirror
from rl_pipeline.envs.mujoco.task import Batch
from rl_pipeline.envs.mujoco.tasks.reference import Reference
from rl_pipeline.envs.mujoco.tasks.walks import clock

Array = NDArray[np.float64]

COMMAND = "commanded_speed"
"""Name of the mean speed of the motion in observations."""


class MotionObservation:
    """Observations of a motion task.

    Args:
        model: Of the robot.
        reference: Frames of all motions.
        look_ahead: Steps ahead at which the policy sees the reference.
        observe_speed: Whether it sees the mean speed of its motion.

    Attributes:
        joints: Columns of `qpos` that belong to joints with one axis.
        phase: Columns of sine and cosine of the phase.
        names: Of what follows the quantities of the model.
        units: Of those that have one.
    """

    def __init__(
        self, model: mujoco.MjModel, reference: Reference, look_ahead: Sequence[int], *, observe_speed: bool
    ) -> None:
        self._reference, self._look_ahead, self._observe_speed = reference, tuple(look_ahead), observe_speed
        self._coordinates = np.setdiff1d(np.arange(model.nq), place_columns(model))
        joints = single_joints(model)
        self.joints = np.array([int(model.joint(name).qposadr[0]) for name in joints], np.intp)
        first = len(self._coordinates) + model.nv
        self.phase = slice(first, first + 2)
        self.units = {COMMAND: "m/s"} if observe_speed else {}
        for ahead in self._look_ahead:
            for name in joints:
                is_hinge = int(model.joint(name).type[0]) == HINGE
                self.units[f"{name}.to_reference_in_{ahead}"] = "rad" if is_hinge else "m"
            self.units |= {f"root.{axis}.to_reference_in_{ahead}": "m" for axis in "xyz"}
        self.names = ("sin(phase)", "cos(phase)", *self.units)

    def observe(self, batch: Batch) -> Array:
        """Return the robot's state without its place, the phase, and the reference in the steps ahead."""
        reference, (motion, step) = self._reference, clock(batch)
        turn = 2 * np.pi * reference.phase[reference.frames(motion, step).index]
        parts = [
            batch.qpos[:, self._coordinates],
            batch.qvel,
            np.sin(turn)[:, np.newaxis],
            np.cos(turn)[:, np.newaxis],
        ]
        if self._observe_speed:
            parts.append(reference.speed[motion][:, np.newaxis])
        for ahead in self._look_ahead:
            frames = reference.frames(motion, step + ahead)
            parts.append(reference.qpos[frames.index][:, self.joints] - batch.qpos[:, self.joints])
            parts.append(reference.positions[frames.index, ROOT] + frames.shift - batch.xpos[:, ROOT])
        return np.concatenate(parts, axis=1)

    def mirror(self, mirror: ModelMirror) -> Array:
        """Return the linear map of observations to those of the mirror image, at the same phase."""
        coordinates = mirror.qpos[np.ix_(self._coordinates, self._coordinates)]
        joints = mirror.qpos[np.ix_(self.joints, self.joints)]
        ahead = [joints, np.diag(MIRRORED_VECTOR)] * len(self._look_ahead)
        return block_diag(coordinates, mirror.qvel, np.eye(2 + self._observe_speed), *ahead)
