"""A transparent second robot in pictures of a MuJoCo model, such as the reference of a motion."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import mujoco

COLOUR = (0.15, 0.75, 0.35)
OPACITY = 0.45


class Ghost:
    """Draws a model in another pose into the scenes of a viewer, without changing the simulation.

    Args:
        model: The model that the viewer draws.
    """

    def __init__(self, model: "mujoco.MjModel") -> None:
        import mujoco

        self._model = model
        self._data = mujoco.MjData(model)
        self._options, self._perturbation = mujoco.MjvOption(), mujoco.MjvPerturb()

    def pose(self, qpos: NDArray[np.float64], shift: NDArray[np.float64]) -> None:
        """Set the pose of the ghost.

        Args:
            qpos: (nq,).
            shift: (3,), m, displacement of the whole robot.
        """
        import mujoco

        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        self._data.geom_xpos[:] += shift

    def join(self, viewer: Any) -> None:
        """Draw the ghost into the next picture of a Gymnasium viewer.

        Something can be added to a scene only as markers, which do not support meshes.
        """
        viewer._add_marker_to_scene = lambda marker: self._add(viewer.scn)
        viewer.add_marker()

    def _add(self, scene: "mujoco.MjvScene") -> None:
        import mujoco

        first = scene.ngeom
        moving = int(mujoco.mjtCatBit.mjCAT_DYNAMIC)
        mujoco.mjv_addGeoms(self._model, self._data, self._options, self._perturbation, moving, scene)
        for index in range(first, scene.ngeom):
            geom = scene.geoms[index]
            geom.rgba[:] = (*COLOUR, OPACITY)
            geom.transparent = 1
            geom.matid = -1
