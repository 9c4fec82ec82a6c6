"""The Shadow Dexterous Hand as primitives: 24 joints, 20 of them driven.

Lengths, ranges and torques are those that Shadow Robot publishes for the right hand. The outer two joints of every
finger turn together. In the frame of the palm the fingers point along z, the palm faces -y, and the thumb is at +x.
"""

from collections.abc import Sequence

import mujoco
import numpy as np

HINGE = mujoco.mjtJoint.mjJNT_HINGE
CAPSULE = mujoco.mjtGeom.mjGEOM_CAPSULE
BOX = mujoco.mjtGeom.mjGEOM_BOX

X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
SKIN, DARK, METAL = (0.82, 0.7, 0.58, 1), (0.25, 0.27, 0.3, 1), (0.6, 0.62, 0.66, 1)
FRICTION = (1.2, 0.02, 0.0005)
STIFFNESS = 5.0
"""Newton metres per radian of the position controllers."""

Vector = Sequence[float]


def _joint(
    spec: mujoco.MjSpec, body: mujoco.MjsBody, name: str, axis: Vector, limits: Vector, torque: float = 0.0
) -> None:
    """Add a hinge, and a motor with position control if it has a torque."""
    joint = body.add_joint(name=name, type=HINGE, axis=axis, range=limits)
    joint.armature, joint.damping[0] = 0.002, 0.1
    if torque:
        motor = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        motor.set_to_position(kp=STIFFNESS, kv=0.1)
        motor.ctrlrange, motor.forcerange = limits, (-torque, torque)


def _link(
    body: mujoco.MjsBody, length: float, radius: float, mass: float, colour: Vector, *, is_tip: bool = False
) -> None:
    geom = body.add_geom(type=CAPSULE, fromto=(0, 0, 0, 0, 0, length), size=(radius, 0, 0), mass=mass)
    geom.rgba, geom.contype, geom.conaffinity = colour, 2, 1
    geom.friction, geom.condim = FRICTION, 4 if is_tip else 3


def _child(
    body: mujoco.MjsBody, name: str, pos: Vector = (0, 0, 0), quat: Vector = (1, 0, 0, 0)
) -> mujoco.MjsBody:
    return body.add_body(name=name, pos=pos, quat=quat, gravcomp=1)


def _add_finger(spec: mujoco.MjSpec, palm: mujoco.MjsBody, name: str, pos: Vector) -> None:
    knuckle = _child(palm, f"{name}_knuckle", pos)
    _joint(spec, knuckle, f"{name}J3", Y, (-0.349, 0.349), 0.9)
    _link(knuckle, 0.001, 0.009, 0.008, METAL)
    proximal = _child(knuckle, f"{name}_proximal")
    _joint(spec, proximal, f"{name}J2", X, (0.0, 1.571), 0.9)
    _link(proximal, 0.045, 0.01, 0.014, SKIN)
    middle = _child(proximal, f"{name}_middle", (0, 0, 0.045))
    _joint(spec, middle, f"{name}J1", X, (0.0, 1.571), 0.7245)
    _link(middle, 0.025, 0.00805, 0.012, SKIN)
    distal = _child(middle, f"{name}_distal", (0, 0, 0.025))
    _joint(spec, distal, f"{name}J0", X, (0.0, 1.571))
    _link(distal, 0.024, 0.00705, 0.01, DARK, is_tip=True)
    distal.add_site(name=f"{name}_tip", pos=(0, 0, 0.024), group=4)
    coupling = spec.add_equality(name=f"{name}J0", type=mujoco.mjtEq.mjEQ_JOINT)
    coupling.name1, coupling.name2, coupling.data[:5] = f"{name}J0", f"{name}J1", (0, 1, 0, 0, 0)


def _add_thumb(spec: mujoco.MjSpec, palm: mujoco.MjsBody) -> None:
    turn = (np.cos(np.pi / 8), 0, np.sin(np.pi / 8), 0)
    base = _child(palm, "TH_base", (0.034, -0.009, 0.029), turn)
    _joint(spec, base, "THJ4", (0, 0, -1), (-1.047, 1.047), 2.3722)
    _link(base, 0.001, 0.012, 0.01, METAL)
    proximal = _child(base, "TH_proximal")
    _joint(spec, proximal, "THJ3", X, (0.0, 1.222), 1.45)
    _link(proximal, 0.038, 0.013, 0.016, SKIN)
    hub = _child(proximal, "TH_hub", (0, 0, 0.038))
    _joint(spec, hub, "THJ2", X, (-0.209, 0.209), 0.99)
    _link(hub, 0.001, 0.011, 0.002, METAL)
    middle = _child(hub, "TH_middle")
    _joint(spec, middle, "THJ1", Y, (-0.524, 0.524), 0.99)
    _link(middle, 0.032, 0.011, 0.016, SKIN)
    distal = _child(middle, "TH_distal", (0, 0, 0.032))
    _joint(spec, distal, "THJ0", Y, (-1.571, 0.0), 0.81)
    _link(distal, 0.026, 0.00918, 0.016, DARK, is_tip=True)
    distal.add_site(name="TH_tip", pos=(0, 0, 0.026), group=4)


def _add_hand(spec: mujoco.MjSpec, base: mujoco.MjsBody, pos: Vector, quat: Vector) -> None:
    wrist = _child(base, "wrist", pos, quat)
    _joint(spec, wrist, "WRJ1", Y, (-0.489, 0.14), 4.785)
    _link(wrist, 0.02, 0.018, 0.1, DARK)
    palm = _child(wrist, "palm", (0, 0, 0.034))
    _joint(spec, palm, "WRJ0", X, (-0.698, 0.489), 2.175)
    for place, size, mass in (
        ((0.011, 0, 0.038), (0.032, 0.0111, 0.049), 0.2),
        ((-0.032, 0, 0.014), (0.011, 0.0111, 0.025), 0.1),
    ):
        geom = palm.add_geom(type=BOX, pos=place, size=size, mass=mass, rgba=METAL)
        geom.contype, geom.conaffinity = 2, 1
    for name, place in (("FF", (0.033, 0, 0.095)), ("MF", (0.011, 0, 0.099)), ("RF", (-0.011, 0, 0.095))):
        _add_finger(spec, palm, name, place)
    metacarpal = _child(palm, "LF_metacarpal", (-0.017, 0, 0.044))
    _joint(spec, metacarpal, "LFJ4", (0.571, 0, 0.821), (0.0, 0.785), 0.9)
    geom = metacarpal.add_geom(type=BOX, pos=(-0.0165, 0, 0.01), size=(0.0095, 0.0111, 0.025), mass=0.04)
    geom.rgba, geom.contype, geom.conaffinity = METAL, 2, 1
    _add_finger(spec, metacarpal, "LF", (-0.017, 0, 0.044))
    _add_thumb(spec, palm)


GRIP = (0.0, 0.0, 0.21)
WRIST = (0.011, 0.0288, 0.0475)
TURN = (0.77508, 0.00371, -0.27507, 0.56884)
"""Pose of the wrist in the frame of the flange. The tips of thumb and fingers oppose each other at the grip, along y,
and no part of the hand is in the way of what lies there; `benchmarks/shadow_grasps.py` finds such poses."""
OPEN = (
    *(0, 0),
    *(-0.349, 0.423, 0.641),
    *(-0.349, 0.562, 0.853),
    *(0.256, 1.358, 0.801),
    *(0, 0.256, 1.358, 0.801),
    *(0.299, 0.414, -0.176, 0.136, -0.641),
)
CLOSED = (
    *(0, 0),
    *(-0.087, 0.273, 1.024),
    *(0.349, 0.456, 1.097),
    *(-0.349, 1.551, 0.865),
    *(0, -0.349, 1.551, 0.865),
    *(0.649, 0.65, -0.003, -0.064, -0.406),
)
"""Controls in radians, in the order of the motors: wrist, first, middle, ring and little finger, thumb."""


def make_shadow_hand() -> mujoco.MjSpec:
    """Make the hand on a flange, with a site `grip` between the tips of thumb and middle finger."""
    spec = mujoco.MjSpec()
    spec.modelname = "shadow_hand"
    spec.compiler.degree = False
    spec.compiler.autolimits = True
    base = _child(spec.worldbody, "base")
    cylinder = mujoco.mjtGeom.mjGEOM_CYLINDER
    geom = base.add_geom(type=cylinder, fromto=(0, 0, 0, *WRIST), size=(0.035, 0, 0), mass=0.8, rgba=DARK)
    geom.contype, geom.conaffinity = 0, 0
    base.add_site(name="grip", pos=GRIP, size=(0.004, 0, 0), rgba=(0.1, 0.7, 0.3, 0.6), group=4)
    _add_hand(spec, base, WRIST, TURN)
    return spec
