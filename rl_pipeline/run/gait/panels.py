"""The panels of a gait figure: angles, velocities, torques and powers of joints, and forces of the ground."""

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.binding import single_joints
from rl_pipeline.datasets.gait_cycle import (
    Curve,
    Panel,
    curve_of,
    name_of_pair,
    pairs,
    reference_stride,
    strides,
    strike_of,
)
from rl_pipeline.envs.mujoco.tasks.motion import MotionImitation
from rl_pipeline.envs.mujoco.tasks.reference import Reference
from rl_pipeline.run.gait.recording import Walk, feet_of

Array = NDArray[np.float64]

MIDDLE = 0.5
"""Position of means in their environment step."""
FORCES = {"fore-aft": 0, "vertical": 2}
"""Columns of the displayed forces."""


@dataclass(frozen=True)
class Gait:
    """Data of all curves of a motion.

    Attributes:
        model: Model of the robot.
        reference: Frames of all motions.
        motion: Index of the motion.
        walks: The recorded walks.
        feet: Bodies whose forces were recorded.
    """

    model: mujoco.MjModel
    reference: Reference
    motion: int
    walks: Sequence[Walk]
    feet: tuple[str, ...]

    def curve(
        self, name: str, values: Sequence[Array], reference: Array | None = None, *, offset: float = 0.0
    ) -> Curve:
        """Return the curve of one side.

        Args:
            name: Name of a joint or a foot.
            values: An array, (T,), for each walk.
            reference: (F,), of the motion; None if the motion does not have the quantity.
            offset: Steps from the start of an environment step to the time of its value.
        """
        motion, last = self.reference.motions[self.motion], int(self.reference.last[self.motion])
        start = strike_of(motion, name)
        cut = [
            strides(walk.steps, each, last, start, cyclic=motion.cyclic, offset=offset)
            for walk, each in zip(self.walks, values, strict=True)
        ]
        return curve_of(cut, None if reference is None else reference_stride(reference, start))


def gait_of(task: MotionImitation, model: mujoco.MjModel, motion: int, walks: Sequence[Walk]) -> Gait:
    """Collect the data of a motion's curves."""
    return Gait(model, task.reference, motion, walks, feet_of(task, model, motion))


def gait_panels(gait: Gait) -> list[list[Panel]]:
    """Return rows of panels: angles, velocities, torques and powers of the joints, then the forces of the ground."""
    groups = pairs(single_joints(gait.model))
    rows = [
        [_joint_panel(gait, group, quantity) for group in groups]
        for quantity in ("angle", "velocity", "torque", "power")
    ]
    return [*rows, [_force_panel(gait, name) for name in FORCES]] if gait.feet else rows


def _joint_panel(gait: Gait, group: tuple[str, ...], quantity: str) -> Panel:
    model, names = gait.model, single_joints(gait.model)
    mass = float(model.body_subtreemass[0])
    is_slide = int(model.joint(group[0]).type[0]) == int(mujoco.mjtJoint.mjJNT_SLIDE)
    degrees = 1.0 if is_slide else 180 / np.pi
    first = int(gait.reference.first[gait.motion])
    frames = slice(first, first + int(gait.reference.last[gait.motion]) + 1)
    curves = {}
    offset = MIDDLE if quantity in ("torque", "power") else 0.0
    for name in group:
        column, joint = names.index(name), model.joint(name)
        reference = None
        if quantity == "angle":
            values = [degrees * walk.positions[:, column] for walk in gait.walks]
            reference = degrees * gait.reference.qpos[frames, int(joint.qposadr[0])]
        elif quantity == "velocity":
            values = [degrees * walk.velocities[:, column] for walk in gait.walks]
            reference = degrees * gait.reference.qvel[frames, int(joint.dofadr[0])]
        elif quantity == "torque":
            values = [walk.torques[:, column] / mass for walk in gait.walks]
        else:
            values = [walk.powers[:, column] / mass for walk in gait.walks]
        curves[name] = gait.curve(name, values, reference, offset=offset)
    units = ("m", "m/s", "N/kg", "W/kg") if is_slide else ("deg", "deg/s", "Nm/kg", "W/kg")
    unit = dict(zip(("angle", "velocity", "torque", "power"), units, strict=True))[quantity]
    return Panel(name_of_pair(group), quantity, unit, curves)


def _force_panel(gait: Gait, name: str) -> Panel:
    weight = float(gait.model.body_subtreemass[0]) * float(np.linalg.norm(gait.model.opt.gravity))
    column = FORCES[name]
    curves = {
        foot: gait.curve(
            foot, [100 * walk.forces[:, number, column] / weight for walk in gait.walks], offset=MIDDLE
        )
        for number, foot in enumerate(gait.feet)
    }
    return Panel(f"ground, {name}", "force", "% body weight", curves)
