"""Images of a named camera as part of every simulation's observation."""

import mujoco
import numpy as np
from gymnasium.envs.mujoco.mujoco_rendering import OffScreenViewer
from numpy.typing import NDArray
from pydantic import model_validator

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.config.section import InvalidValueError, Positive, Section, Text
from rl_pipeline.envs.mujoco.observations import Observation
from rl_pipeline.envs.mujoco.rendering import SimulationView
from rl_pipeline.envs.mujoco.simulations import Simulations


class CameraConfig(Section):
    """`environment.kwargs.camera`: the observed camera of the model, and its images."""

    name: Text
    """Name of the camera in the MJCF."""
    width: Positive = 84
    """Pixels."""
    height: Positive = 84
    """Pixels."""
    rgb: bool = True
    """Observe colours: `rgb`, uint8 (height, width, 3)."""
    depth: bool = False
    """Observe distances from the camera plane in metres: `depth`, float32 (height, width)."""

    @model_validator(mode="after")
    def _something_is_seen(self) -> "CameraConfig":
        if not (self.rgb or self.depth):
            raise InvalidValueError(
                "the camera would observe nothing", remedy="set rgb, depth or both to true"
            )
        return self


class Cameras:
    """Renders one camera in every simulation and adds the images to the observation of the task."""

    def __init__(self, config: CameraConfig, simulations: Simulations) -> None:
        model = simulations.model
        names = [model.camera(i).name for i in range(model.ncam)]
        if config.name not in names:
            raise ConfigError(
                [
                    Problem(
                        "environment.kwargs.camera.name",
                        "the model has no camera of this name",
                        config.name,
                        names,
                        nearest(config.name, names),
                    )
                ]
            )
        self.config = config
        self._n = simulations.n
        self._camera_id = model.camera(config.name).id
        self._view = SimulationView(simulations)
        model.vis.global_.offwidth = max(model.vis.global_.offwidth, config.width)
        model.vis.global_.offheight = max(model.vis.global_.offheight, config.height)
        self._viewer = OffScreenViewer(model, self._view.data, config.width, config.height)
        self._viewer.con.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._near = model.vis.map.znear * model.stat.extent
        self._far = model.vis.map.zfar * model.stat.extent

    def join(self, observation: Observation, ids: NDArray[np.intp] | None) -> dict[str, np.ndarray]:
        """Return the observation with `rgb` (n, height, width, 3) and `depth` (n, height, width), as configured.

        Args:
            observation: Observation of the task; a single array becomes the entry `state`.
            ids: The simulations to render; None for all.
        """
        rows = range(self._n) if ids is None else ids.tolist()
        joined = dict(observation) if isinstance(observation, dict) else {"state": observation}
        shape = (len(rows), self.config.height, self.config.width)
        if self.config.rgb:
            joined["rgb"] = np.empty((*shape, 3), np.uint8)
        if self.config.depth:
            joined["depth"] = np.empty(shape, np.float32)
        self._viewer.make_context_current()
        for position, row in enumerate(rows):
            self._view.show(row)
            rgb, depth = self._viewer.render("rgbd_tuple", self._camera_id)
            if self.config.rgb:
                joined["rgb"][position] = rgb
            if self.config.depth:
                joined["depth"][position] = self._metres(depth)
        return joined

    def close(self) -> None:
        """Free the rendering context."""
        self._viewer.free()

    def _metres(self, depth: NDArray[np.float32]) -> NDArray[np.float64]:
        """Invert the perspective projection of a depth buffer that is 1 at the near plane and 0 at the far one."""
        return self._near * self._far / (self._near + depth.astype(np.float64) * (self._far - self._near))
