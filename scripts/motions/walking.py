"""A gait of the planar walker whose feet neither slip nor sink in, close to how people walk.

The feet roll over heel, sole and toes on their places, the pelvis passes over them at nearly constant speed, and the
joints follow from that. Timing, heights and the pitch of the feet are optimised until hips, knees and ankles come as
close as they can to a sketch of normal gait: peak hip flexion about 30 degrees, knee flexion about 60 degrees in the
swing, plantar flexion about 18 degrees at push-off.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from legs import Legs, clearance, foot_pose, joint_angles, planted_ankle
from numpy.typing import NDArray
from scipy.interpolate import BPoly, PchipInterpolator
from scipy.optimize import least_squares

Array = NDArray[np.float64]

PERIOD, SPEED = 1.1, 1.25
"""Seconds of a stride, and m/s, of the walk in the middle."""
SLOW, FAST = 0.8, 1.6
"""m/s. People change stride and cadence together: the ratio of the two stays nearly the same over the speeds."""
TOE_OFF = 0.62
"""Part of the stride during which a foot is on the ground."""

SKETCH = {
    "hip": ((0, 30), (0.15, 24), (0.3, 8), (0.5, -11), (0.62, -4), (0.75, 20), (0.87, 33), (1, 30)),
    "knee": ((0, 5), (0.14, 18), (0.38, 6), (0.5, 14), (0.62, 38), (0.72, 61), (0.85, 32), (0.96, 3), (1, 5)),
    "ankle": ((0, 0), (0.07, -5), (0.3, 7), (0.46, 11), (0.62, -18), (0.75, -4), (0.85, 1), (1, 0)),
}
"""Angles in degrees by part of the stride, from heel strike to heel strike."""
WEIGHTS = (1.0, 1.0, 0.6)
LEAST_CLEARANCE = 0.012
STIFFNESS = 20.0
"""Weight of what must not happen: a leg that is too short, a knee that is straight, toes that stumble."""
STRAIGHTEST = np.deg2rad(4.0)


@dataclass(frozen=True)
class Gait:
    """What is optimised; phases are parts of the stride, angles in radians, lengths in m.

    The values are those that `optimise` found. The speed, m/s, is given.
    """

    speed: float = SPEED
    place: float = 0.31124
    hip_height: float = 0.90703
    bounce: float = 0.022
    bounce_phase: float = 0.39772
    sway: float = 0.02
    sway_phase: float = 0.2746
    strike: float = 0.24826
    strike_rate: float = -10.82164
    strike_turn: float = 249.58269
    heel_off: float = 0.15
    rise: float = -0.25904
    rise_rate: float = -1.35121
    push_off: float = -0.9476
    push_off_rate: float = -12.0
    push_off_turn: float = -317.35382
    lift: float = 0.04081

    @property
    def stride(self) -> float:
        """Length of a stride, m."""
        return self.period * self.speed

    @property
    def period(self) -> float:
        """Seconds of a stride."""
        return PERIOD * float(np.sqrt(SPEED / self.speed))


GAITS = {
    "slow_walk": Gait(
        speed=SLOW,
        place=0.23634,
        hip_height=0.91739,
        bounce=0.01811,
        bounce_phase=0.3289,
        sway=0.02,
        sway_phase=0.23518,
        strike=0.2,
        strike_rate=-8.88839,
        strike_turn=259.20978,
        heel_off=0.15,
        rise=-0.24568,
        rise_rate=0.0,
        push_off=-0.73612,
        push_off_rate=-11.99866,
        push_off_turn=-418.24658,
        lift=0.03331,
    ),
    "walk": Gait(),
    "fast_walk": Gait(
        speed=FAST,
        place=0.35137,
        hip_height=0.90066,
        bounce=0.022,
        bounce_phase=0.43685,
        sway=0.02,
        sway_phase=0.3015,
        strike=0.36272,
        strike_rate=-11.8033,
        strike_turn=196.21724,
        heel_off=0.15,
        rise=-0.31835,
        rise_rate=-3.1238,
        push_off=-1.11623,
        push_off_rate=-11.97503,
        push_off_turn=-280.26683,
        lift=0.06777,
    ),
}
"""By the name of the motion. Those of other speeds were optimised from the one in the middle, in three steps."""

BOUNDS = {
    "place": (0.2, 0.4),
    "hip_height": (0.85, 0.94),
    "bounce": (0.005, 0.022),
    "bounce_phase": (0.2, 0.8),
    "sway": (0.0, 0.02),
    "sway_phase": (-0.5, 0.8),
    "strike": (0.2, 0.5),
    "strike_rate": (-12.0, -1.0),
    "strike_turn": (-300.0, 300.0),
    "heel_off": (0.15, 0.4),
    "rise": (-0.7, -0.02),
    "rise_rate": (-8.0, 0.0),
    "push_off": (-1.3, -0.6),
    "push_off_rate": (-12.0, 0.0),
    "push_off_turn": (-500.0, 500.0),
    "lift": (-0.05, 0.08),
}
FLAT, RISING = 0.09, 0.48
"""Phases at which the sole is flat after the strike, and in the middle of the rise of the heel."""
HARMONICS = 7
"""Of the sketch, which has none of the corners of its points."""
SMOOTHNESS = 2.5e-4
"""Weight of differences between second derivatives by the phase."""
STEP = 1e-4
"""Of the phase, for derivatives."""


def sketch(gait: Gait, phase: Array) -> Array:
    """Return the angles of the sketch, (T, 3), as Fourier series through its points.

    The hip swings about its mean as much as the stride is long.
    """
    steps = np.arange(200) / 200
    points = np.stack(
        [PchipInterpolator(*zip(*points, strict=True))(steps) for points in SKETCH.values()], axis=1
    )
    factors = np.fft.rfft(np.deg2rad(points), axis=0)[: HARMONICS + 1] / len(steps)
    factors[1:] *= 2
    factors[1:, 0] *= gait.stride / (PERIOD * SPEED)
    waves = np.exp(2j * np.pi * np.outer(phase, np.arange(HARMONICS + 1)))
    return (waves @ factors).real


def foot(legs: Legs, gait: Gait, phase: Array) -> tuple[Array, Array]:
    """Return ankle, (T, 2), and pitch, (T,), of the right foot for phases from 0 to 1.

    In the swing the leg moves as in the sketch, plus polynomials that join it to the stance at both ends.
    """
    pitch_of = BPoly.from_derivatives(
        [0, FLAT, gait.heel_off, RISING, TOE_OFF],
        [
            [gait.strike, gait.strike_rate, gait.strike_turn],
            [0, 0, 0],
            [0, 0, 0],
            [gait.rise, gait.rise_rate],
            [gait.push_off, gait.push_off_rate, gait.push_off_turn],
        ],
    )

    def stance(at: Array) -> Array:
        pitch = pitch_of(at)
        return np.column_stack((planted_ankle(legs, pitch, gait.place), pitch))

    def swing(at: Array) -> Array:
        hip, lean = pelvis(gait, at)
        return foot_pose(legs, hip, lean, sketch(gait, at))

    land = _derivatives(stance, 2 * STEP)
    land[0, 0] += gait.stride
    gaps = [
        _derivatives(stance, TOE_OFF - 2 * STEP) - _derivatives(swing, TOE_OFF),
        land - _derivatives(swing, 1.0),
    ]
    joins = [BPoly.from_derivatives([TOE_OFF, 1], [gap[:, column] for gap in gaps]) for column in range(3)]
    poses = stance(phase.clip(max=TOE_OFF))
    swings = phase > TOE_OFF
    at = phase[swings]
    part = (at - TOE_OFF) / (1 - TOE_OFF)
    poses[swings] = swing(at) + np.stack([join(at) for join in joins], axis=1)
    poses[swings, 1] += gait.lift * (4 * part * (1 - part)) ** 3
    return poses[:, :2], poses[:, 2]


def _derivatives(function: Callable[[Array], Array], at: float) -> Array:
    """Return value and derivative of a function with three columns, (2, 3)."""
    before, here, after = function(np.array([at - STEP, at, at + STEP]))
    return np.stack((here, (after - before) / (2 * STEP)))


def pelvis(gait: Gait, phase: Array) -> tuple[Array, Array]:
    """Return the hip, (T, 2), and the lean of the trunk, (T,); both repeat with every step."""
    wave = 4 * np.pi * phase
    x = gait.stride * phase + gait.sway * np.sin(wave + 2 * np.pi * gait.sway_phase)
    z = gait.hip_height + gait.bounce * np.cos(wave + 2 * np.pi * gait.bounce_phase)
    return np.stack((x, z), axis=1), np.deg2rad(4.0) + np.deg2rad(1.0) * np.cos(wave)


def leg(legs: Legs, gait: Gait, phase: Array) -> tuple[Array, Array, Array]:
    """Return the angles of the right leg, (T, 3), what is out of reach, and how high the foot is, (T,) each."""
    ankle, pitch = foot(legs, gait, phase)
    hip, lean = pelvis(gait, phase)
    angles, missing = joint_angles(legs, hip, lean, ankle, pitch)
    return angles, missing, clearance(legs, ankle, pitch)


def optimise(legs: Legs, start: Gait) -> Gait:
    """Return the gait that is closest to the sketch, with the speed of the one to start from."""
    phase = np.linspace(0, 1, 101)
    wanted = sketch(start, phase)
    in_swing = (phase > TOE_OFF + 0.06) & (phase < 0.97)
    names = list(BOUNDS)

    def residuals(values: Array) -> Array:
        gait = replace(start, **dict(zip(names, values, strict=True)))
        angles, missing, height = leg(legs, gait, phase)
        straight = np.maximum(0.0, STRAIGHTEST - angles[:, 1])
        low = np.maximum(0.0, LEAST_CLEARANCE - height[in_swing])
        difference = (angles - wanted) * WEIGHTS
        bends = SMOOTHNESS * np.diff(difference, 2, axis=0) / (phase[1] - phase[0]) ** 2
        penalties = STIFFNESS * np.concatenate(
            (100 * missing, straight, 10 * low, 10 * np.maximum(0, -height))
        )
        return np.concatenate((difference.ravel(), bends.ravel(), penalties))

    low, high = np.transpose([BOUNDS[name] for name in names])
    first = np.array([getattr(start, name) for name in names]).clip(low + STEP, high - STEP)
    found = least_squares(residuals, first, bounds=(low, high), max_nfev=400)
    return replace(start, **dict(zip(names, found.x.tolist(), strict=True)))
