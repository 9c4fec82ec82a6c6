"""A policy that acts on mirror images: it learns one side of a movement and does the other with it."""

from typing import Literal, get_args

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.envs.mujoco.model_mirror import mirror_of
from rl_pipeline.envs.mujoco.task import Batch
from rl_pipeline.envs.mujoco.tasks.motion_observation import MotionObservation
from rl_pipeline.envs.mujoco.tasks.reference import Reference
from rl_pipeline.envs.mujoco.tasks.walks import MIRRORED, clock

Array = NDArray[np.float64]

KEY = "environment.kwargs.mirror"
HALF = 0.5
"""Phase from which on the second half of a stride is mirrored."""

MirrorMode = Literal["stride", "episode"]
MODES: tuple[MirrorMode, ...] = get_args(MirrorMode)


def check_mode(mode: str | None) -> None:
    """Refuse an unknown mode.

    Raises:
        ConfigError: The mode does not exist.
    """
    if mode is not None and mode not in MODES:
        raise ConfigError([Problem(KEY, "is unknown", mode, MODES, nearest(str(mode), MODES))])


class MirroredPolicy:
    """Mirrors what a policy observes and does, in the simulations whose turn it is.

    The mirror image of a walk is the walk half a stride later, so the phase that the policy observes moves by half a
    cycle there. It stays where the image of a motion is closer to the motion itself, as in a squat.

    Args:
        mode: `stride`: in the second half of each cycle of the motion. `episode`: in the episodes that drew it.
        model: Of the robot.
        observation: Of the task.
        reference: Frames of all motions.

    Raises:
        ConfigError: The model has no mirror image.
    """

    def __init__(
        self, mode: MirrorMode, model: mujoco.MjModel, observation: MotionObservation, reference: Reference
    ) -> None:
        self._mode, self._reference = mode, reference
        mirror = mirror_of(model, KEY)
        self._of_actions, self._of_observations = mirror.ctrl, observation.mirror(mirror)
        self._phase = observation.phase
        self._turns = np.array(
            [_turn(reference, motion, observation.joints, mirror.qpos) for motion in range(len(reference))]
        )

    def active(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which simulations are mirrored now, (n,)."""
        if self._mode == "episode":
            return batch.userdata[:, MIRRORED] > 0.5
        return self._reference.phase[self._reference.frames(*clock(batch)).index] >= HALF

    def observations(self, batch: Batch, observations: Array) -> Array:
        """Return what the policy observes instead of the simulations, (n, size)."""
        images = observations @ self._of_observations.T
        images[:, self._phase] *= self._turns[clock(batch)[0], np.newaxis]
        return np.where(self.active(batch)[:, np.newaxis], images, observations)

    def actions(self, batch: Batch, actions: np.ndarray) -> np.ndarray:
        """Return what the robots do instead of the actions of the policy, (n, nu)."""
        return np.where(self.active(batch)[:, np.newaxis], actions @ self._of_actions.T, actions)


def _turn(reference: Reference, motion: int, joints: NDArray[np.intp], mirror: Array) -> float:
    """Return the factor of sine and cosine of the phase: -1 if the mirror image is half a cycle later, else 1."""
    first, last = int(reference.first[motion]), int(reference.last[motion])
    poses = reference.qpos[first : first + last]
    images, half = (poses @ mirror.T)[:, joints], -(last // 2)
    later = np.abs(images - np.roll(poses, half, axis=0)[:, joints]).mean()
    same = np.abs(images - poses[:, joints]).mean()
    return -1.0 if reference.cyclic[motion] and later < same else 1.0
