"""Names of the parts of a MuJoCo model, as a policy outside the simulator needs them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mujoco

JOINT_TRANSMISSIONS = (0, 1)
"""Values of `mjtTrn` of actuators that drive a joint: in its own frame, or in that of its parent."""
SINGLE_JOINTS = {2: ("N", "m", "m/s"), 3: ("Nm", "rad", "rad/s")}
"""Units of force, position and velocity by values of `mjtJoint`: slide and hinge."""
FIXED, NO_BIAS, AFFINE = 0, 0, 1
"""Values of `mjtGain` and `mjtBias`."""


def actuator_names(model: "mujoco.MjModel") -> tuple[str, ...]:
    """Return the names of a model's actuators; an actuator without a name is named after its joint."""
    return tuple(_actuator_name(model, index) for index in range(model.nu))


def actuator_joints(model: "mujoco.MjModel") -> tuple[str, ...]:
    """Return the joints that a model's actuators drive; empty if one of them does not drive a joint."""
    kinds = [int(kind) for kind in model.actuator_trntype]
    if not all(kind in JOINT_TRANSMISSIONS for kind in kinds):
        return ()
    return tuple(model.joint(int(model.actuator_trnid[index, 0])).name for index in range(model.nu))


def actuator_units(model: "mujoco.MjModel") -> tuple[str, ...]:
    """Return the units of the controls of a model's actuators; an empty text for a control that is a fraction.

    A motor takes a force or a torque if nothing scales it; servos take a position or a velocity.
    """
    return tuple(_actuator_unit(model, index) for index in range(model.nu))


def _actuator_unit(model: "mujoco.MjModel", index: int) -> str:
    kind = int(model.actuator_trntype[index])
    if kind not in JOINT_TRANSMISSIONS or float(model.actuator_gear[index, 0]) != 1.0:
        return ""
    joint_type = int(model.jnt_type[model.actuator_trnid[index, 0]])
    if joint_type not in SINGLE_JOINTS or int(model.actuator_gaintype[index]) != FIXED:
        return ""
    force, position, velocity = SINGLE_JOINTS[joint_type]
    gain, (_, stiffness, damping) = float(model.actuator_gainprm[index, 0]), model.actuator_biasprm[index, :3]
    bias_type = int(model.actuator_biastype[index])
    if bias_type == NO_BIAS:
        return force if gain == 1.0 else ""
    if bias_type == AFFINE and gain != 0:
        if stiffness == -gain:
            return position
        if stiffness == 0 and damping == -gain:
            return velocity
    return ""


def _actuator_name(model: "mujoco.MjModel", index: int) -> str:
    name: str = model.actuator(index).name
    if not name and int(model.actuator_trntype[index]) in JOINT_TRANSMISSIONS:
        name = model.joint(int(model.actuator_trnid[index, 0])).name
    return name or f"actuator_{index}"
