"""Frames of reference motions for many simulations at once, and the deviation of each simulation."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.datasets.binding import BoundMotion
from rl_pipeline.datasets.motions import Motion
from rl_pipeline.datasets.quaternions import angle_between
from rl_pipeline.datasets.roots import ROOT
from rl_pipeline.envs.mujoco.task import Batch

Array = NDArray[np.float64]

SAME_SPEED = 0.02
"""Tolerance of a motion's speed, m/s."""


class Frames:
    """The frames of some motions at which simulations are, one for each.

    Attributes:
        index: (n,), into the arrays of `Reference`.
        shift: (n, 3), m, displacement of the robot in previous cycles.
    """

    def __init__(self, index: NDArray[np.intp], shift: Array) -> None:
        self.index = index
        self.shift = shift


def mean_speed(motion: Motion) -> float:
    """Return the mean speed of a motion in the plane, m/s."""
    return float(np.linalg.norm(motion.advance[:2])) / motion.duration


def with_speed(motions: Sequence[BoundMotion], speed: float) -> BoundMotion:
    """Return the motion with a mean speed.

    Raises:
        ConfigError: No motion has this speed.
    """
    speeds = [mean_speed(each.motion) for each in motions]
    best = int(np.abs(np.array(speeds) - speed).argmin())
    if abs(speeds[best] - speed) > SAME_SPEED:
        message = "no motion has this mean speed"
        valid = [f"{each:.2f}" for each in sorted(speeds)]
        raise ConfigError([Problem("environment.kwargs.speed", message, speed, valid, f"{speeds[best]:.2f}")])
    return motions[best]


class Reference:
    """All frames of all motions of a task, one motion after the other.

    Attributes:
        motions: The motions, with the rate of the task.
        qpos: (F, nq).
        qvel: (F, nv).
        positions: (F, nbody, 3), m, of bodies in the world.
        orientations: (F, nbody, 4), quaternions w, x, y, z.
        linear_velocities: (F, nbody, 3), m/s, in the world.
        angular_velocities: (F, nbody, 3), rad/s, in the world.
        centre_of_mass: (F, 3), m.
        phase: (F,), 0 to 1.
        speed: (number of motions,), m/s, mean in the plane.
    """

    def __init__(self, motions: Sequence[BoundMotion]) -> None:
        self.motions = tuple(each.motion for each in motions)
        self.qpos = np.concatenate([each.qpos for each in motions])
        self.qvel = np.concatenate([each.qvel for each in motions])
        self.positions = np.concatenate([each.bodies.positions for each in motions])
        self.orientations = np.concatenate([each.bodies.orientations for each in motions])
        self.linear_velocities = np.concatenate([each.bodies.linear_velocities for each in motions])
        self.angular_velocities = np.concatenate([each.bodies.angular_velocities for each in motions])
        self.centre_of_mass = np.concatenate([each.bodies.centre_of_mass for each in motions])
        self.phase = np.concatenate([each.motion.phase for each in motions])
        self.speed = np.array([mean_speed(each.motion) for each in motions])
        lengths = [len(each.qpos) for each in motions]
        self.last = np.array(lengths) - 1
        self.first = np.cumsum([0, *lengths[:-1]])
        self.cyclic = np.array([each.motion.cyclic for each in motions])
        self.advance = np.stack([each.motion.advance * each.motion.cyclic for each in motions])

    def __len__(self) -> int:
        """Return the number of motions."""
        return len(self.last)

    def frames(self, motion: NDArray[np.intp], step: NDArray[np.intp]) -> Frames:
        """Return the frames of motions after some steps; a motion that is not cyclic stays in its last frame.

        Args:
            motion: (n,), which motion.
            step: (n,), steps since its first frame.
        """
        last = self.last[motion]
        laps = np.where(self.cyclic[motion], step // last, 0)
        within = np.minimum(step - laps * last, last)
        return Frames(self.first[motion] + within, laps[:, np.newaxis] * self.advance[motion])


class Comparison:
    """Deviations of simulations from their frames, which are computed on first access.

    Args:
        batch: The simulations.
        reference: All frames.
        frames: Those of the simulations.
        joint_positions: Columns of `qpos` that belong to joints with one axis.
        joint_velocities: Columns of `qvel`.
    """

    def __init__(
        self,
        batch: Batch,
        reference: Reference,
        frames: Frames,
        joint_positions: NDArray[np.intp],
        joint_velocities: NDArray[np.intp],
    ) -> None:
        self.batch, self._reference, self._frames = batch, reference, frames
        self._joint_positions, self._joint_velocities = joint_positions, joint_velocities

    @cached_property
    def joints(self) -> Array:
        """Differences of joint positions, (n, J)."""
        columns = self._joint_positions
        return self.batch.qpos[:, columns] - self._reference.qpos[self._frames.index][:, columns]

    @cached_property
    def joint_velocities(self) -> Array:
        """Differences of joint velocities, (n, J)."""
        columns = self._joint_velocities
        return self.batch.qvel[:, columns] - self._reference.qvel[self._frames.index][:, columns]

    @cached_property
    def body_positions(self) -> Array:
        """Differences of body positions in the world, (n, nbody, 3)."""
        wanted = self._reference.positions[self._frames.index] + self._frames.shift[:, np.newaxis]
        return self.batch.xpos - wanted

    @cached_property
    def relative_positions(self) -> Array:
        """Differences of body positions as seen from the root, (n, nbody, 3)."""
        return self.body_positions - self.body_positions[:, [ROOT]]

    @cached_property
    def body_orientations(self) -> Array:
        """Angles between orientations of bodies, (n, nbody)."""
        return angle_between(self._reference.orientations[self._frames.index], self.batch.xquat)

    @cached_property
    def body_linear_velocities(self) -> Array:
        """Differences of linear velocities in the world, (n, nbody, 3)."""
        batch = self.batch
        arm = batch.xpos - batch.subtree_com[:, batch.model.body_rootid]
        velocities = batch.cvel[..., 3:] + np.cross(batch.cvel[..., :3], arm)
        return velocities - self._reference.linear_velocities[self._frames.index]

    @cached_property
    def body_angular_velocities(self) -> Array:
        """Differences of angular velocities in the world, (n, nbody, 3)."""
        return self.batch.cvel[..., :3] - self._reference.angular_velocities[self._frames.index]

    @cached_property
    def centre_of_mass(self) -> Array:
        """Difference of the centre of mass, (n, 3)."""
        return (
            self.batch.subtree_com[:, 0]
            - self._reference.centre_of_mass[self._frames.index]
            - self._frames.shift
        )
