"""A squat and a hop of the planar walker, whose centre of mass stays over the feet and flies as it must."""

from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np
from legs import Legs, joint_angles, planted_ankle
from numpy.typing import NDArray
from scipy.interpolate import BPoly
from scipy.optimize import least_squares

Array = NDArray[np.float64]

GRAVITY = 9.81
SQUAT_PERIOD, SQUAT_DEPTH = 2.5, 0.32
"""Seconds, and m by which the centre of mass sinks."""
OVER_FEET = 0.055
"""x of the centre of mass while the sole is at the origin: a little before the middle of the foot."""
STAND = np.deg2rad(18.0)
"""Knee flexion while standing."""
MOST_LEAN = np.deg2rad(40.0)

CROUCH, TAKE_OFF, FLIGHT, ABSORB, REST = 0.4, 0.28, 0.24, 0.34, 0.54
"""Seconds of the parts of a hop."""
HOP_DEPTH, LANDING_DEPTH, ON_TOES = 0.16, 0.13, 0.05
"""m by which the centre of mass sinks before and after the flight, and is higher at take-off than while standing."""
POINTED = np.deg2rad(-28.0)
"""Pitch of the feet in the air."""
ROLLING = 0.13
"""Seconds in which the feet roll from the sole to the toes."""


@dataclass(frozen=True)
class Poses:
    """Poses of the walker over time, with both legs alike.

    Attributes:
        hip: (T, 2), x and z.
        lean: (T,), of the trunk.
        angles: (T, 3), hip, knee and ankle.
        grounded: (T,), whether the feet are on the ground.
    """

    hip: Array
    lean: Array
    angles: Array
    grounded: NDArray[np.bool_]


Centre = Callable[[Array, float, Array], Array]
"""Where the centre of mass is, (2,), for a hip, a lean and the angles of both legs."""


def centre_of_mass(model: mujoco.MjModel) -> Centre:
    """Return a function that tells where the centre of mass is, (2,), for hip, lean and leg angles."""
    data = mujoco.MjData(model)
    height = float(model.body("trunk").pos[2])

    def centre(hip: Array, lean: float, angles: Array) -> Array:
        data.qpos[:] = (hip[0], hip[1] - height, lean, *angles, *angles)
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        return data.subtree_com[0, [0, 2]].copy()

    return centre


def solve(
    model: mujoco.MjModel, legs: Legs, target: Array, lean: Array, ankle: Array, pitch: Array
) -> tuple[Array, Array]:
    """Return the hip, (T, 2), and the leg angles, (T, 3), that bring the centre of mass to the target, (T, 2)."""
    centre = centre_of_mass(model)
    hips, angles = np.empty_like(target), np.empty((len(target), 3))
    guess = target[0] - (0.0, 0.15)
    for i in range(len(target)):

        def pose(hip: Array, i: int = i) -> Array:
            return joint_angles(legs, hip[np.newaxis], lean[[i]], ankle[[i]], pitch[[i]])[0][0]

        def miss(hip: Array, i: int = i) -> Array:
            return centre(hip, float(lean[i]), pose(hip, i)) - target[i]

        found = least_squares(miss, guess, xtol=1e-12, ftol=1e-12, gtol=1e-12)
        if np.abs(found.fun).max() > 1e-6:
            raise ValueError(f"frame {i}: the centre of mass cannot be brought to {target[i]}")
        guess = hips[i] = found.x
        angles[i] = pose(found.x)
    return hips, angles


def standing_height(model: mujoco.MjModel, legs: Legs) -> float:
    """Return the height of the centre of mass while standing with nearly straight knees."""
    hip_height = legs.ankle_height + np.sqrt(
        legs.thigh**2 + legs.shank**2 + 2 * legs.thigh * legs.shank * np.cos(STAND)
    )
    hip = np.array([0.0, hip_height])
    ankle = np.array([[0.0, legs.ankle_height]])
    angles, _ = joint_angles(legs, hip[np.newaxis], np.zeros(1), ankle, np.zeros(1))
    return float(centre_of_mass(model)(hip, 0.0, angles[0])[1])


def squat(model: mujoco.MjModel, legs: Legs, dt: float) -> Poses:
    """Return one squat, from standing to standing."""
    phase = np.linspace(0, 1, round(SQUAT_PERIOD / dt) + 1)
    down = (1 - np.cos(2 * np.pi * phase)) / 2
    height = standing_height(model, legs) - SQUAT_DEPTH * down
    pitch = np.zeros_like(phase)
    ankle = planted_ankle(legs, pitch, 0.0)
    lean = MOST_LEAN * down
    hip, angles = solve(model, legs, np.stack((0 * height + OVER_FEET, height), axis=1), lean, ankle, pitch)
    return Poses(hip, lean, angles, np.ones(len(phase), np.bool_))


def hop(model: mujoco.MjModel, legs: Legs, dt: float) -> Poses:
    """Return one hop in place, whose flight is that of a thrown body."""
    lift = CROUCH + TAKE_OFF
    land = lift + FLIGHT
    end = land + ABSORB + REST
    time = np.linspace(0, end, round(end / dt) + 1)
    stand = standing_height(model, legs)
    speed = GRAVITY * FLIGHT / 2
    height_of = BPoly.from_derivatives(
        [0, CROUCH, lift, land, land + ABSORB, end],
        [
            [stand, 0, 0],
            [stand - HOP_DEPTH, 0, 8.0],
            [stand + ON_TOES, speed, -GRAVITY],
            [stand + ON_TOES, -speed, -GRAVITY],
            [stand - LANDING_DEPTH, 0, 8.0],
            [stand, 0, 0],
        ],
    )
    height = height_of(time)
    pitch_of = BPoly.from_derivatives(
        [0, lift - ROLLING, lift, land, land + ROLLING, end],
        [[value, 0, 0] for value in (0, 0, POINTED, POINTED, 0, 0)],
    )
    pitch = pitch_of(time)
    ankle = planted_ankle(legs, pitch, 0.0)
    flies = (time > lift) & (time < land)
    ankle[flies, 1] += height[flies] - stand - ON_TOES  # the legs stay as they were at take-off
    lean = MOST_LEAN * ((stand - height) / SQUAT_DEPTH).clip(min=-0.2)
    hip, angles = solve(model, legs, np.stack((0 * height + OVER_FEET, height), axis=1), lean, ankle, pitch)
    return Poses(hip, lean, angles, ~flies)
