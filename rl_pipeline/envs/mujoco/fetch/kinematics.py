"""Velocities of sites and angles of rotations, for a whole batch."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.task import Batch

SMALLEST_COSINE = 4 * np.finfo(np.float64).eps
"""Cosine below which the rotation about x is undefined and set to 0."""


class SiteMotion:
    """Velocity of a site: the Jacobian of `mj_jacSite` times `qvel`, without the Jacobian.

    Like gymnasium-robotics, it multiplies velocities after a step with axes that lag one physics step behind.
    """

    def __init__(self, model: mujoco.MjModel, name: str) -> None:
        site = model.site(name)
        self._site = site.id
        self._root = model.body_rootid[site.bodyid[0]]
        self._dofs = _dofs_that_move(model, int(site.bodyid[0]))

    def velocities(self, batch: Batch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return linear, m/s, and angular velocities, rad/s, (n, 3) each in world coordinates."""
        motion = np.matmul(batch.qvel[:, None, self._dofs], batch.cdof[:, self._dofs])[:, 0]
        angular, linear = motion[:, :3], motion[:, 3:]
        offset = batch.site_xpos[:, self._site] - batch.subtree_com[:, self._root]
        return linear + _cross(angular, offset), angular


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cross products of rows; `np.cross` is several times slower for few rows."""
    return a[:, (1, 2, 0)] * b[:, (2, 0, 1)] - a[:, (2, 0, 1)] * b[:, (1, 2, 0)]


def _dofs_that_move(model: mujoco.MjModel, body: int) -> slice | NDArray[np.intp]:
    """Return the degrees of freedom of a body and of its parents."""
    dofs: list[int] = []
    while body:
        start = int(model.body_dofadr[body])
        dofs = [*range(start, start + int(model.body_dofnum[body])), *dofs]
        body = int(model.body_parentid[body])
    is_range = dofs == list(range(dofs[0], dofs[-1] + 1))
    return slice(dofs[0], dofs[-1] + 1) if is_range else np.array(dofs)


def euler_angles(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return gymnasium-robotics' angles about x, y and z, (n, 3), rad, of rotation matrices, (n, 9)."""
    m = matrices.reshape(-1, 3, 3)
    cosine = np.hypot(m[:, 2, 2], m[:, 1, 2])
    defined = cosine > SMALLEST_COSINE
    x = np.where(defined, -np.arctan2(m[:, 1, 2], m[:, 2, 2]), 0.0)
    y = -np.arctan2(-m[:, 0, 2], cosine)
    z = np.where(defined, -np.arctan2(m[:, 0, 1], m[:, 0, 0]), -np.arctan2(-m[:, 1, 0], m[:, 1, 1]))
    return np.stack((x, y, z), axis=1)
