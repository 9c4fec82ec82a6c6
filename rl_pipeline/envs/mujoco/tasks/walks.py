"""Memory of a simulation of a motion task: walked distance and stability."""

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.roots import ROOT
from rl_pipeline.envs.mujoco.task import Batch
from rl_pipeline.envs.mujoco.tasks.reference import Reference

Array = NDArray[np.float64]

MOTION, STEP, START, START_X, START_Y, MIRRORED, ACTIONS_FROM = range(7)
"""Columns of `userdata`: motion, steps since its first frame, the same at the start of the episode, the position
of the root then, whether the episode is mirrored, and, from the last column on, the last two actions."""
REFERENCE_SHARE = 0.9
"""Fraction of a slow reference's distance that is enough for a stable walk."""
ON_THE_SPOT = 1.0
"""Distance in m below which a reference, such as a squat, does not walk."""


def clock(batch: Batch) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the motion of each simulation and the steps since its first frame, (n,) both."""
    return batch.userdata[:, MOTION].astype(np.intp), batch.userdata[:, STEP].astype(np.intp)


class Walks:
    """Walks of a motion task.

    A walk is stable as in DRLoco (Galljamov, 2020): it is as long as `stable_distance`, or lasts a whole episode and
    is half as long. If the reference covers less in that time, 90 % of its distance is enough; if the reference stays
    within a metre, no distance is needed, so a squat is stable if the robot does not fall.

    Args:
        reference: The reference motions.
        stable_distance: m.
        max_steps: Steps of a whole episode; None if it has no end.
    """

    def __init__(self, reference: Reference, stable_distance: float, max_steps: int | None) -> None:
        self._reference = reference
        self._stable_distance = stable_distance
        self._max_steps = max_steps

    def distance(self, batch: Batch) -> Array:
        """Return the distance in the plane from the start of the episode, (n,), m."""
        start = batch.userdata[:, [START_X, START_Y]]
        return np.linalg.norm(batch.xpos[:, ROOT, :2] - start, axis=1)

    def stable(self, batch: Batch) -> NDArray[np.bool_]:
        """Return whether the walks are stable so far, (n,)."""
        distance = self.distance(batch)
        stable = distance >= self._stable_distance
        if self._max_steps is not None:
            elapsed = batch.userdata[:, STEP] - batch.userdata[:, START]
            wanted = self._reference_distance(batch)
            wanted[wanted < ON_THE_SPOT] = 0.0
            enough = np.minimum(self._stable_distance / 2, REFERENCE_SHARE * wanted)
            stable |= (elapsed >= self._max_steps) & (distance >= enough)
        return stable

    def _reference_distance(self, batch: Batch) -> Array:
        motion = batch.userdata[:, MOTION].astype(np.intp)
        places = []
        for column in (START, STEP):
            frames = self._reference.frames(motion, batch.userdata[:, column].astype(np.intp))
            places.append(self._reference.positions[frames.index, ROOT, :2] + frames.shift[:, :2])
        return np.linalg.norm(places[1] - places[0], axis=1)
