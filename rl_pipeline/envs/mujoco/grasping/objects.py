"""The objects that are grasped."""

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

CUBE, SPHERE, CYLINDER, MESH = OBJECTS = ("cube", "sphere", "cylinder", "mesh")

MASS = 0.1
"""Kilograms of every object."""
SIZES = {CUBE: (0.02, 0.02, 0.02), SPHERE: (0.022, 0.0, 0.0), CYLINDER: (0.02, 0.03, 0.0)}
"""Sizes of the geoms as MJCF gives them: half edges, radius, radius and half height, in metres."""
MESH_HALF_HEIGHT = 0.02

_TYPES = {
    CUBE: mujoco.mjtGeom.mjGEOM_BOX,
    SPHERE: mujoco.mjtGeom.mjGEOM_SPHERE,
    CYLINDER: mujoco.mjtGeom.mjGEOM_CYLINDER,
    MESH: mujoco.mjtGeom.mjGEOM_MESH,
}
_COLOURS = {
    CUBE: (0.85, 0.3, 0.2, 1),
    SPHERE: (0.2, 0.5, 0.85, 1),
    CYLINDER: (0.3, 0.65, 0.3, 1),
    MESH: (0.85, 0.6, 0.15, 1),
}


def add_object(spec: mujoco.MjSpec, name: str, scale: float, margin: float = 0.0) -> None:
    """Add an object that lies free on the ground, as a body, a joint and a geom of the same name.

    Args:
        spec: The scene.
        name: One of `OBJECTS`.
        scale: Factor of its size.
        margin: Metres that its sizes may be enlarged by later; the model's bounds leave room for them.
    """
    body = spec.worldbody.add_body(name=name, pos=(0, 0, half_height(name, scale) + margin))
    body.add_freejoint(name=name)
    geom = body.add_geom(name=name, type=_TYPES[name], mass=MASS, rgba=_COLOURS[name])
    if name == MESH:
        vertices = mesh_vertices() * scale
        spec.add_mesh(
            name=name, uservert=vertices.ravel(), inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX
        )
        geom.meshname = name
    else:
        geom.size = [size * scale + margin if size else 0.0 for size in SIZES[name]]
    geom.contype, geom.conaffinity = 1, 3
    geom.condim = 4
    geom.friction = (1.0, 0.01, 0.0002)


def half_height(name: str, scale: float) -> float:
    """Return the height of an object's centre above the ground that it lies on."""
    heights = {CUBE: SIZES[CUBE][2], SPHERE: SIZES[SPHERE][0], CYLINDER: SIZES[CYLINDER][1]}
    return heights.get(name, MESH_HALF_HEIGHT) * scale


def mesh_vertices() -> NDArray[np.float64]:
    """Return the corners of the mesh, (24, 3): a hexagonal stone whose edges are bevelled, longer than wide."""
    angles = np.arange(6) * np.pi / 3
    ring = np.stack((0.028 * np.cos(angles), 0.023 * np.sin(angles)), axis=1)
    layers: Sequence[tuple[float, float]] = ((-1.0, 0.75), (-0.6, 1.0), (0.6, 1.0), (1.0, 0.75))
    return np.concatenate(
        [np.column_stack((ring * scale, np.full(6, height * MESH_HALF_HEIGHT))) for height, scale in layers]
    )
