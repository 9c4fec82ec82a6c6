"""Frames and the window of simulation 0."""

from typing import Any

import mujoco
from gymnasium.envs.mujoco.mujoco_rendering import MujocoRenderer

from rl_pipeline.envs.mujoco.simulations import Simulations
from rl_pipeline.envs.mujoco.task import Task
from rl_pipeline.rendering.ghost import Ghost
from rl_pipeline.rendering.mujoco_view import prepare_view


class SimulationView:
    """A `mujoco.MjData` that shows one simulation of a batch at a time."""

    def __init__(self, simulations: Simulations) -> None:
        self.model = simulations.model
        self.data = mujoco.MjData(self.model)
        self._states = simulations.pool.bind("state")

    def show(self, index: int) -> mujoco.MjData:
        """Copy the state of a simulation and compute all positions from it."""
        mujoco.mj_setState(self.model, self.data, self._states[index], mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_forward(self.model, self.data)
        return self.data


class FrameRenderer:
    """Renders simulation 0 as Gymnasium renders its MuJoCo environments."""

    def __init__(self, task: Task, simulations: Simulations, render_mode: str) -> None:
        self.render_mode = render_mode
        model = simulations.model
        model.vis.global_.offwidth = max(model.vis.global_.offwidth, task.width)
        model.vis.global_.offheight = max(model.vis.global_.offheight, task.height)
        self._view = SimulationView(simulations)
        self._renderer = MujocoRenderer(
            model,
            self._view.data,
            dict(task.default_camera_config or {}),
            task.width,
            task.height,
            task.max_geom,
            task.camera_id,
            task.camera_name,
            dict(task.visual_options or {}),
        )
        prepare_view(self._renderer)
        self._task, self._simulations, self._ghost = task, simulations, Ghost(model)

    def render(self) -> Any:
        """Return the frame of the current state, or None if it was shown in a window."""
        self._view.show(0)
        pose = self._task.ghost(self._simulations, 0)
        if pose is not None:
            if self._renderer.viewer is None:
                self._renderer.render(self.render_mode)  # makes the viewer
            self._ghost.pose(*pose)
            self._ghost.join(self._renderer.viewer)
        return self._renderer.render(self.render_mode)

    def close(self) -> None:
        """Close the window or the rendering context."""
        self._renderer.close()
