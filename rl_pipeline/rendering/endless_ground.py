"""Rendering of the ground without end, as in the physics: planes are infinite for collisions."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import mujoco
    from gymnasium.envs.mujoco.mujoco_rendering import MujocoRenderer

WORLD = 0
UPRIGHT = 0.999
"""Smallest cosine between the vertical and the normal of a plane that counts as ground."""


def draw_ground_without_end(renderer: "MujocoRenderer") -> None:
    """Let a renderer draw the ground without end if its camera follows the robot.

    The renderer often shares its model with the simulation, so the model is only changed while a picture is drawn.

    Args:
        renderer: The renderer of an environment, before its first picture.
    """
    import mujoco

    model, draw = renderer.model, renderer.render
    following = (int(mujoco.mjtCamLight.mjCAMLIGHT_TRACK), int(mujoco.mjtCamLight.mjCAMLIGHT_TRACKCOM))
    grounds = _finite_grounds(model)
    if not len(grounds) or not 0 <= renderer.camera_id < model.ncam:
        return
    if int(model.cam_mode[renderer.camera_id]) not in following:
        return

    @wraps(draw)
    def render(*args: Any, **kwargs: Any) -> Any:
        with _without_end(model, grounds):
            if renderer.viewer is None:
                draw(*args, **kwargs)
            # MuJoCo centres the ground at the camera of the scene, which it places afterwards.
            viewer: Any = renderer.viewer
            mujoco.mjv_updateCamera(model, renderer.data, viewer.cam, viewer.scn)
            return draw(*args, **kwargs)

    renderer.render = render  # type: ignore[method-assign]


def _finite_grounds(model: "mujoco.MjModel") -> NDArray[np.intp]:
    """Return the ids of the horizontal planes of the world with a finite rendered size."""
    import mujoco

    up = 1 - 2 * (model.geom_quat[:, 1] ** 2 + model.geom_quat[:, 2] ** 2)
    is_plane = model.geom_type == int(mujoco.mjtGeom.mjGEOM_PLANE)
    in_world = model.geom_bodyid == WORLD
    return np.flatnonzero(is_plane & in_world & (up > UPRIGHT) & (model.geom_size[:, :2] > 0).all(axis=1))


@contextmanager
def _without_end(model: "mujoco.MjModel", grounds: NDArray[np.intp]) -> Iterator[None]:
    """Set the size of grounds to 0, which MuJoCo draws without end, and keep the scale of textures."""
    sizes, repeats = model.geom_size.copy(), model.mat_texrepeat.copy()
    materials = model.geom_matid[grounds]
    textured = (materials >= 0) & (model.mat_texuniform[materials] == 0)
    # On an infinite plane, repeats are per two metres instead of per plane.
    model.mat_texrepeat[materials[textured]] /= sizes[grounds[textured], :2]
    model.geom_size[grounds, :2] = 0
    try:
        yield
    finally:
        model.geom_size[:], model.mat_texrepeat[:] = sizes, repeats
