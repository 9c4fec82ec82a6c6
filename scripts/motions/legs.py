"""Geometry of the planar walker's legs: feet that stand or roll, and the joints that bring them there.

All functions take and return arrays over time. Angles are in radians; a foot's pitch is positive with its toes up.
"""

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Legs:
    """What the model says about its legs, m.

    Attributes:
        thigh: From hip to knee.
        shank: From knee to ankle.
        heel: Centre of the sphere at the heel, x and z in the frame of the foot, whose origin is the ankle.
        toe: The same at the toes.
        radius: Of both spheres.
    """

    thigh: float
    shank: float
    heel: tuple[float, float]
    toe: tuple[float, float]
    radius: float

    @property
    def reach(self) -> float:
        """Distance from hip to ankle of a straight leg."""
        return self.thigh + self.shank

    @property
    def ankle_height(self) -> float:
        """Height of the ankle above the sole."""
        return self.radius - self.heel[1]


def legs_of(model: mujoco.MjModel) -> Legs:
    """Read the legs of the planar walker."""
    foot = model.geom("right_foot")
    radius, half = foot.size[:2]
    (x, _, z) = foot.pos
    return Legs(
        thigh=-float(model.body("right_shank").pos[2]),
        shank=-float(model.body("right_foot").pos[2]),
        heel=(float(x - half), float(z)),
        toe=(float(x + half), float(z)),
        radius=float(radius),
    )


def planted_ankle(legs: Legs, pitch: Array, place: Array | float) -> Array:
    """Return where the ankle is, (T, 2), x and z, while a foot rolls over heel, sole and toes without slipping.

    Args:
        legs: Of the model.
        pitch: (T,), of the foot.
        place: x of the ankle while the foot is flat.
    """
    offset = np.where((pitch > 0)[:, np.newaxis], legs.heel, legs.toe)
    centre_x = place + offset[:, 0] - legs.radius * pitch
    sine, cosine = np.sin(pitch), np.cos(pitch)
    ankle_x = centre_x - (offset[:, 0] * cosine - offset[:, 1] * sine)
    ankle_z = legs.radius - (offset[:, 0] * sine + offset[:, 1] * cosine)
    return np.stack((ankle_x, ankle_z), axis=1)


def clearance(legs: Legs, ankle: Array, pitch: Array) -> Array:
    """Return the height of the lowest point of a foot above the ground, (T,)."""
    sine, cosine = np.sin(pitch), np.cos(pitch)
    heights = [x * sine + z * cosine for x, z in (legs.heel, legs.toe)]
    return ankle[:, 1] + np.minimum(*heights) - legs.radius


def joint_angles(legs: Legs, hip: Array, lean: Array, ankle: Array, pitch: Array) -> tuple[Array, Array]:
    """Return hip, knee and ankle angles, (T, 3), and by how much the ankle is out of reach, (T,), m.

    Args:
        legs: Of the model.
        hip: (T, 2), x and z of the hip.
        lean: (T,), of the trunk, forward.
        ankle: (T, 2), x and z of the ankle.
        pitch: (T,), of the foot.
    """
    x, z = (ankle - hip).T
    distance = np.hypot(x, z)
    cosine = (legs.thigh**2 + legs.shank**2 - distance**2) / (2 * legs.thigh * legs.shank)
    knee = np.pi - np.arccos(cosine.clip(-1, 1))
    thigh = np.arctan2(x, -z) + np.arctan2(legs.shank * np.sin(knee), legs.thigh + legs.shank * np.cos(knee))
    shank = thigh - knee
    return np.stack((thigh + lean, knee, pitch - shank), axis=1), np.maximum(0.0, distance - legs.reach)


def foot_pose(legs: Legs, hip: Array, lean: Array, angles: Array) -> Array:
    """Return x and z of the ankle and the pitch of the foot, (T, 3), for the angles of a leg, (T, 3)."""
    thigh = angles[:, 0] - lean
    shank = thigh - angles[:, 1]
    x = hip[:, 0] + legs.thigh * np.sin(thigh) + legs.shank * np.sin(shank)
    z = hip[:, 1] - legs.thigh * np.cos(thigh) - legs.shank * np.cos(shank)
    return np.stack((x, z, shank + angles[:, 2]), axis=1)
