"""Poses and velocities of the bodies of a MuJoCo model for given coordinates."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.datasets.quaternions import angle_between

if TYPE_CHECKING:
    import mujoco

    from rl_pipeline.datasets.motions import Motion

Array = NDArray[np.float64]

WORLD = 0


@dataclass(frozen=True)
class BodyPoses:
    """Poses and velocities of all bodies of a model over T frames, in the world.

    Attributes:
        positions: (T, nbody, 3), m.
        orientations: (T, nbody, 4), quaternion w, x, y, z.
        linear_velocities: (T, nbody, 3), m/s, of the origins of the bodies.
        angular_velocities: (T, nbody, 3), rad/s.
        centre_of_mass: (T, 3), m, of the whole robot.
        penetration: (T,), m, depth of a body in the ground, or in other geoms of the world.
    """

    positions: Array
    orientations: Array
    linear_velocities: Array
    angular_velocities: Array
    centre_of_mass: Array
    penetration: Array


def body_poses(model: "mujoco.MjModel", qpos: Array, qvel: Array) -> BodyPoses:
    """Compute the poses of all bodies.

    Args:
        model: The model.
        qpos: (T, nq).
        qvel: (T, nv).
    """
    import mujoco

    data = mujoco.MjData(model)
    frames, bodies = len(qpos), model.nbody
    positions, orientations = np.empty((frames, bodies, 3)), np.empty((frames, bodies, 4))
    velocities = np.empty((frames, bodies, 6))
    centre, penetration = np.empty((frames, 3)), np.zeros(frames)
    of_body = int(mujoco.mjtObj.mjOBJ_XBODY)
    for i in range(frames):
        data.qpos[:], data.qvel[:] = qpos[i], qvel[i]
        mujoco.mj_fwdPosition(model, data)
        mujoco.mj_comVel(model, data)
        positions[i], orientations[i], centre[i] = data.xpos, data.xquat, data.subtree_com[WORLD]
        for body in range(bodies):
            mujoco.mj_objectVelocity(model, data, of_body, body, velocities[i, body], 0)
        with_world = (model.geom_bodyid[data.contact.geom] == WORLD).any(axis=1)
        penetration[i] = -data.contact.dist[with_world].min(initial=0.0)
    return BodyPoses(
        positions, orientations, velocities[..., 3:].copy(), velocities[..., :3].copy(), centre, penetration
    )


def pose_differences(
    motion: "Motion", model: "mujoco.MjModel", poses: BodyPoses
) -> dict[str, tuple[float, float]]:
    """Compare the body poses of a motion with those of the model that it is bound to.

    A large difference means that joints have other axes or signs, or that the model has other proportions.

    Returns:
        The largest distance, m, and angle, rad, for each body that both have.
    """
    names = {model.body(index).name: index for index in range(model.nbody)}
    found = {}
    for column, name in enumerate(motion.body_names):
        if name in names:
            body = names[name]
            distance = np.linalg.norm(motion.body_positions[:, column] - poses.positions[:, body], axis=1)
            angle = angle_between(motion.body_orientations[:, column], poses.orientations[:, body])
            found[name] = float(distance.max()), float(angle.max())
    return found
