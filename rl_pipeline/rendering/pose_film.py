"""Films of a MuJoCo model in given poses, without physics."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.rendering.film import FilmWriter
from rl_pipeline.rendering.gl import RenderingUnavailable, choose_gl_backend

if TYPE_CHECKING:
    import mujoco

WIDTH, HEIGHT = 640, 480
FPS = 50.0
DISTANCE = 3.0
"""Distance of the camera in a model without a camera `track`, relative to the size of the model."""
MAX_GEOM = 5000


def film_poses(model: "mujoco.MjModel", qpos: NDArray[np.float64], dt: float, path: Path) -> int:
    """Film poses in real time.

    Args:
        model: The model.
        qpos: (T, nq), the poses.
        dt: Seconds between them.
        path: The film, ending in `.mp4`.

    Returns:
        The number of frames.

    Raises:
        RenderingUnavailable: This machine cannot render.
        FilmError: The film cannot be written.
    """
    choose_gl_backend()
    import mujoco
    from gymnasium.envs.mujoco.mujoco_rendering import MujocoRenderer

    from rl_pipeline.rendering.mujoco_view import prepare_view

    data = mujoco.MjData(model)
    model.vis.global_.offwidth, model.vis.global_.offheight = WIDTH, HEIGHT
    view = {"distance": DISTANCE * float(model.stat.extent), "azimuth": 90.0, "elevation": -15.0}
    if model.cam_bodyid.size == 0:
        view |= {"type": int(mujoco.mjtCamera.mjCAMERA_TRACKING), "trackbodyid": 1}
    renderer = MujocoRenderer(model, data, view, WIDTH, HEIGHT, MAX_GEOM)
    prepare_view(renderer)
    duration = (len(qpos) - 1) * dt
    count = max(2, round(duration * FPS) + 1)
    shown = np.rint(np.linspace(0, len(qpos) - 1, count)).astype(np.intp)
    try:
        with FilmWriter(path, FPS) as film:
            for index in shown:
                data.qpos[:] = qpos[index]
                mujoco.mj_forward(model, data)
                film.write(_picture(renderer.render("rgb_array")))
    finally:
        renderer.close()
    return count


def _picture(frame: object) -> NDArray[np.uint8]:
    if not isinstance(frame, np.ndarray):
        raise RenderingUnavailable("the renderer returned no picture")
    return frame
