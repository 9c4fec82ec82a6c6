"""Joint angles of the arm for a pose of its grip."""

import mujoco
import numpy as np
from numpy.typing import NDArray

HOME = np.array([0.0, -0.3, 0.0, -2.2, 0.0, 2.0, np.pi / 4])
"""Joint angles in radians from which the search starts."""
ITERATIONS = 12
DAMPING = 1e-4


class InverseKinematics:
    """Damped least squares from one pose, so that the same grip always gives the same joint angles.

    Args:
        model: A scene with an arm, whose joints come first.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._data = mujoco.MjData(model)
        self._site = model.site("gripper_grip").id
        self._jacobian = np.zeros((6, model.nv))

    def solve(self, position: np.ndarray, rotation: np.ndarray) -> NDArray[np.float64]:
        """Return the angles of the arm's joints, (7,).

        Args:
            position: Where the grip should be, (3,).
            rotation: Its orientation as a quaternion, (4,).
        """
        model, data, size = self._model, self._data, len(HOME)
        data.qpos[:size] = HOME
        for _ in range(ITERATIONS):
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_jacSite(model, data, self._jacobian[:3], self._jacobian[3:], self._site)
            error = self._error(position, rotation)
            jacobian = self._jacobian[:, :size]
            squared = jacobian @ jacobian.T + DAMPING * np.eye(6)
            data.qpos[:size] += jacobian.T @ np.linalg.solve(squared, error)
            data.qpos[:size] = data.qpos[:size].clip(*model.jnt_range[:size].T)
        return data.qpos[:size].copy()

    def _error(self, position: np.ndarray, rotation: np.ndarray) -> NDArray[np.float64]:
        current, turn = np.empty(4), np.empty(3)
        mujoco.mju_mat2Quat(current, self._data.site_xmat[self._site])
        mujoco.mju_negQuat(current, current)
        mujoco.mju_mulQuat(current, rotation, current)
        mujoco.mju_quat2Vel(turn, current, 1.0)
        return np.concatenate((position - self._data.site_xpos[self._site], turn))
