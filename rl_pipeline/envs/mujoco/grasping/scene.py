"""The scene of a grasping task: ground, arm, gripper and objects in one model."""

from collections.abc import Sequence
from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

from rl_pipeline.envs.mujoco.grasping.grippers import Gripper
from rl_pipeline.envs.mujoco.grasping.objects import add_object

ARM = Path(__file__).with_name("arm.xml")
ARM_BASE = (-0.5, 0.0, 0.0)
"""Position of the arm; the objects are around the origin, at height 0."""
FLAT, UNEVEN, OBSTACLE = GROUNDS = ("flat", "uneven", "obstacle")
UNEVEN_HEIGHT = 0.02
"""Metres up to which the tiles of the uneven ground rise."""
WALL = (0.01, 0.12, 0.05)
"""Half sizes of the obstacle in metres."""
SOLREF = (0.01, 1.0)
SOLIMP = (0.95, 0.99, 0.001, 0.5, 2.0)
"""Contacts and welds that are stiff, but not too stiff for the physics step."""


def build_scene(
    gripper: Gripper, objects: Sequence[str], ground: str, scale: float = 1.0, margin: float = 0.0
) -> mujoco.MjSpec:
    """Compose a scene.

    Args:
        gripper: What the arm carries.
        objects: Names of the objects; their free joints come last, in this order.
        ground: One of `GROUNDS`.
        scale: Factor of the sizes of the objects.
        margin: Metres that these sizes may be enlarged by later.
    """
    spec = _empty_scene()
    _add_ground(spec, ground)
    spec.worldbody.add_body(name="mocap", mocap=True)
    goal = spec.worldbody.add_body(name="goal", mocap=True)
    goal.add_site(name="goal", size=(0.012, 0, 0), rgba=(0.9, 0.1, 0.1, 0.5))
    mount = spec.worldbody.add_frame(pos=ARM_BASE)
    if gripper.on_arm:
        spec.attach(mujoco.MjSpec.from_file(str(ARM)), prefix="arm_", frame=mount)
        spec.attach(gripper.make(), prefix="gripper_", site=spec.site("arm_flange"))
    else:
        spec.attach(gripper.make(), prefix="gripper_", frame=spec.worldbody.add_frame())
    _weld(spec, gripper)
    for name in objects:
        add_object(spec, name, scale, margin)
    for index, name in enumerate(objects):
        spec.body(name).pos[:2] = parking_place(index)
    spec.add_sensor(
        name="grip_velocity",
        type=mujoco.mjtSensor.mjSENS_FRAMELINVEL,
        objtype=mujoco.mjtObj.mjOBJ_SITE,
        objname="gripper_grip",
    )
    spec.nuserdata = 2
    for geom in spec.geoms:
        geom.solref[:2], geom.solimp = SOLREF, SOLIMP
    return spec


def parking_place(index: int) -> NDArray[np.float64]:
    """Return where an object waits that is not used in an episode, (2,), out of reach."""
    return np.array([-0.9, 0.2 * index - 0.3])


def _empty_scene() -> mujoco.MjSpec:
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    spec.option.timestep = 0.004
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10.0
    spec.visual.headlight.ambient = (0.35, 0.35, 0.35)
    spec.worldbody.add_light(pos=(0.3, -0.4, 1.5), dir=(-0.2, 0.3, -1), castshadow=True)
    return spec


def _add_ground(spec: mujoco.MjSpec, ground: str) -> None:
    spec.add_texture(
        name="ground",
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        rgb1=(0.55, 0.58, 0.62),
        rgb2=(0.6, 0.63, 0.67),
        width=256,
        height=256,
    )
    material = spec.add_material(name="ground", texrepeat=(10, 10), texuniform=True)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "ground"
    plane = mujoco.mjtGeom.mjGEOM_PLANE
    spec.worldbody.add_geom(name="ground", type=plane, size=(0, 0, 1), material="ground")
    box = mujoco.mjtGeom.mjGEOM_BOX
    if ground == OBSTACLE:
        position = (0, 0, WALL[2])
        spec.worldbody.add_geom(name="wall", type=box, size=WALL, pos=position, rgba=(0.45, 0.4, 0.55, 1))
    if ground == UNEVEN:
        heights = np.random.default_rng(0).uniform(0.002, UNEVEN_HEIGHT, (6, 6))
        for (row, column), height in np.ndenumerate(heights):
            position = (0.08 * (row - 2.5), 0.08 * (column - 2.5), height / 2)
            grey = 0.45 + 0.2 * height / UNEVEN_HEIGHT
            spec.worldbody.add_geom(
                type=box, size=(0.04, 0.04, height / 2), pos=position, rgba=(grey, grey, 0.9 * grey, 1)
            )


def _weld(spec: mujoco.MjSpec, gripper: Gripper) -> None:
    """Hold the gripper's grip in the pose of the mocap body."""
    offset = np.array(spec.site("gripper_grip").pos)
    weld = spec.add_equality(name="grip", type=mujoco.mjtEq.mjEQ_WELD, objtype=mujoco.mjtObj.mjOBJ_BODY)
    weld.name1, weld.name2 = "mocap", "gripper_base"
    weld.data[:] = [*offset, 0, 0, 0, 1, 0, 0, 0, 1]
    weld.solref[:2], weld.solimp = (0.02, 1.0), (0.9, 0.95, 0.001, 0.5, 2.0)
