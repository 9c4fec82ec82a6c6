"""A swing-up of the pole on its cart, whose pole moves as the cart makes it move.

The way of the cart is a spline that begins and ends at rest. Its coefficients are sought so that the pole, which
hangs down at first, stands upright and still at the end.
"""

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from scipy.optimize import least_squares

Array = NDArray[np.float64]

SWINGS, REST = 3.0, 1.0
"""Seconds of the swing-up, and of standing upright afterwards."""
N_FREE, DEGREE = 9, 5
GENTLE = 0.01
"""Weight of the cart's acceleration beside the miss of the upright pole."""


def swing_up(model: mujoco.MjModel, dt: float) -> Array:
    """Return cart, m, and pole, rad, over the frames, (T, 2).

    Raises:
        ValueError: No way of the cart brings the pole up.
    """
    pole = model.body("pole")
    moment = float(pole.mass[0] * pole.ipos[2])
    pull = moment / float(pole.inertia[1] + pole.mass[0] * pole.ipos[2] ** 2)
    gravity, steps = -float(model.opt.gravity[2]), round(SWINGS / dt)

    def frames(free: Array) -> Array:
        way = _way(free)
        push = way.derivative(2)(np.linspace(0, SWINGS, 2 * steps + 1))
        angles = _pole(pull, gravity, push, dt)
        return np.stack((way(np.linspace(0, SWINGS, steps + 1)), angles[:, 0], angles[:, 1]), axis=1)

    def miss(free: Array) -> Array:
        at_end = frames(free)[-1, 1:]
        return np.concatenate((at_end, GENTLE * _way(free).derivative(2)(np.linspace(0, SWINGS, 31))))

    guess = 0.4 * np.sin(np.linspace(0, 2 * np.pi * SWINGS / 1.6, N_FREE))
    found = least_squares(miss, guess)
    # Without the wish for a gentle cart the pole ends exactly upright.
    found = least_squares(lambda free: frames(free)[-1, 1:], found.x, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    if np.abs(found.fun).max() > 1e-6:
        raise ValueError("the pole does not end upright")
    moving = frames(found.x)[:, :2]
    return np.concatenate((moving, np.zeros((round(REST / dt), 2))))


def _way(free: Array) -> BSpline:
    """Return where the cart is over the time; position, velocity and acceleration are zero at both ends."""
    coefficients = np.concatenate((np.zeros(3), free, np.zeros(3)))
    inner = np.linspace(0, SWINGS, len(coefficients) - DEGREE + 1)
    knots = np.concatenate((np.zeros(DEGREE), inner, np.full(DEGREE, SWINGS)))
    return BSpline(knots, coefficients, DEGREE)


def _pole(pull: float, gravity: float, push: Array, dt: float) -> Array:
    """Return angle and velocity of the pole, (T, 2), for accelerations of the cart at every half step.

    The method is that of Runge and Kutta.
    """

    def change(state: Array, acceleration: float) -> Array:
        angle, velocity = state
        return np.array([velocity, pull * (gravity * np.sin(angle) - acceleration * np.cos(angle))])

    states = [np.array([np.pi, 0.0])]
    for start, middle, end in zip(push[:-2:2], push[1::2], push[2::2], strict=True):
        one = change(states[-1], start)
        two = change(states[-1] + dt / 2 * one, middle)
        three = change(states[-1] + dt / 2 * two, middle)
        four = change(states[-1] + dt * three, end)
        states.append(states[-1] + dt / 6 * (one + 2 * two + 2 * three + four))
    return np.stack(states)
